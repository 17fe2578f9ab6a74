package dev.iobus.kv.simulation;

import dev.iobus.kv.Store;
import dev.iobus.kv.StoreStats;
import dev.iobus.sim.SimDisk;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the names in a store's directory tell in one of its lives: a number is never used for a
/// second file, and what nothing refers to does not stay.
///
/// Confined to the simulation that runs.
final class StoreFiles {

  private static final String TABLE = "table-";
  private static final String MANIFEST = "manifest-";
  private static final String LOG = "wal-";
  private static final String LOCK = "lock";

  /// Segments of the log that may wait to be used again, be made ahead, or hold its end.
  private static final int LOG_SPARE = 10;

  private final SimDisk disk;
  private final SpentNumbers spent;
  private final Map<String, Long> inodes = new HashMap<>();

  // What was there when so many flushes had ended.
  private SpentNumbers lately = SpentNumbers.NONE;
  private long flushes;

  /// @param spent numbers that were used for certain in earlier lives
  StoreFiles(SimDisk disk, SpentNumbers spent) throws IOException {
    this.disk = disk;
    this.spent = spent;
    for (String name : names()) {
      inodes.put(name, inode(name));
    }
  }

  /// Looks at the directory again, and notes which numbers are spent: those that were there when the
  /// manifest was written last. Of two flushes that have ended since, one has begun to write it later.
  void look(Store store, History history) throws IOException {
    SpentNumbers numbers = look();
    long now = store.stats().flushes();
    if (now >= flushes + 2) {
      history.spend(lately);
      lately = numbers;
      flushes = now;
    }
  }

  private List<String> names() throws IOException {
    return disk.exists(StoreRun.DIRECTORY) ? disk.list(StoreRun.DIRECTORY) : List.of();
  }

  private long inode(String name) throws IOException {
    return disk.inode(StoreRun.DIRECTORY.resolve(name));
  }

  /// Looks at the directory again.
  ///
  /// @return the largest numbers in it
  /// @throws AssertionError when a new file has a number that was used before
  SpentNumbers look() throws IOException {
    SpentNumbers found = SpentNumbers.NONE;
    for (String name : names()) {
      long inode = inode(name);
      Long known = inodes.putIfAbsent(name, inode);
      if (name.startsWith(LOG) || name.equals(LOCK)) {
        continue; // Their names never tell what is in them.
      }
      SpentNumbers own = numbers(name);
      boolean again = known == null ? isSpent(own) : known != inode;
      if (again) {
        throw new AssertionError(name + " is a new file, and its number was used before: " + spent);
      }
      found = found.or(own);
    }
    return found;
  }

  private boolean isSpent(SpentNumbers own) {
    return (own.table() >= 0 && own.table() <= spent.table())
        || (own.manifest() >= 0 && own.manifest() <= spent.manifest());
  }

  private static SpentNumbers numbers(String name) {
    return new SpentNumbers(number(TABLE, name), number(MANIFEST, name));
  }

  private static long number(String prefix, String name) {
    boolean plain = name.startsWith(prefix) && name.indexOf('.') < 0;
    return plain ? Long.parseLong(name.substring(prefix.length())) : -1;
  }

  /// Insists that the directory holds the lock, one manifest, the tables that are in use, and a log no
  /// longer than what it is needed for.
  ///
  /// @param stats of the store, which is open and has nothing left to do
  /// @param flushed whether all is in tables, so that nothing of the log is needed
  void requireOnlyLive(StoreStats stats, boolean flushed) throws IOException {
    int tables = 0;
    int manifests = 0;
    int segments = 0;
    for (String name : names()) {
      SpentNumbers own = numbers(name);
      if (own.table() >= 0) {
        tables++;
      } else if (own.manifest() >= 0) {
        manifests++;
      } else if (name.startsWith(LOG)) {
        segments++;
      } else if (!name.equals(LOCK)) {
        throw new AssertionError(name + " is a file of nobody");
      }
    }
    int live = stats.tablesPerLevel().stream().mapToInt(Integer::intValue).sum();
    require(tables == live, tables + " tables are there, " + live + " in use: " + names());
    require(manifests == 1, manifests + " manifests are there: " + names());
    long needed = flushed ? 0 : stats.diskBytes() / StoreRun.LOG_SEGMENT_BYTES;
    require(
        segments <= needed + LOG_SPARE,
        segments + " segments of the log are there for " + stats.diskBytes() + " bytes: "
            + names());
  }

  /// Bytes of all files.
  long bytes() throws IOException {
    long bytes = 0;
    for (String name : names()) {
      bytes += disk.read(StoreRun.DIRECTORY.resolve(name)).length;
    }
    return bytes;
  }

  /// How many files there are.
  int count() throws IOException {
    return names().size();
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
