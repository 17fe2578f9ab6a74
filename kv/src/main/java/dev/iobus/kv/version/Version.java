package dev.iobus.kv.version;

import dev.iobus.kv.entry.InternalKey;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/// The tables of a store at one moment, per level. Immutable.
///
/// Invariants:
/// 1. Level 0 is ordered by newest entry first; its tables may overlap. For one key, what is in an
///    earlier table is newer than what is in a later one.
/// 2. Deeper levels are ordered by smallest key; no user key is in two tables of one of them.
/// 3. For one key, what is in a level is newer than what is in a deeper one.
public final class Version {

  /// Levels 0 to 6.
  public static final int LEVELS = 7;

  private static final Comparator<Table> NEWEST_FIRST =
      Comparator.comparingLong((Table table) -> table.info().largestSequence())
          .thenComparingLong(table -> table.info().number())
          .reversed();

  private static final Comparator<Table> BY_KEY =
      (a, b) ->
          InternalKey.compareKeys(a.info().smallest().key(), b.info().smallest().key());

  private final List<List<Table>> levels;
  private final Roaring64Bitmap numbers = new Roaring64Bitmap();

  /// @throws IllegalStateException when tables of a level below 0 overlap (invariant 2)
  Version(Iterable<Table> tables) {
    List<List<Table>> building = new ArrayList<>(LEVELS);
    for (int level = 0; level < LEVELS; level++) {
      building.add(new ArrayList<>());
    }
    for (Table table : tables) {
      building.get(table.info().level()).add(table);
      numbers.addLong(table.info().number());
    }
    building.getFirst().sort(NEWEST_FIRST);
    for (int level = 1; level < LEVELS; level++) {
      building.get(level).sort(BY_KEY);
      requireDisjoint(building.get(level));
    }
    building.replaceAll(List::copyOf);
    this.levels = List.copyOf(building);
  }

  private static void requireDisjoint(List<Table> tables) {
    for (int i = 1; i < tables.size(); i++) {
      TableInfo before = tables.get(i - 1).info();
      if (before.mayHold(tables.get(i).info().smallest().key())) {
        throw new IllegalStateException(
            "tables " + before.number() + " and " + tables.get(i).info().number() + " of level "
                + before.level() + " overlap");
      }
    }
  }

  /// The version after an edit.
  ///
  /// @param opened the tables that the edit adds
  /// @throws IllegalStateException when the edit does not fit this version
  Version apply(VersionEdit edit, List<Table> opened) {
    List<Table> next = new ArrayList<>();
    long removed = 0;
    for (List<Table> level : levels) {
      for (Table table : level) {
        if (edit.removed().contains(table.info().number())) {
          removed++;
        } else {
          next.add(table);
        }
      }
    }
    if (removed != edit.removed().getLongCardinality()) {
      throw new IllegalStateException("an edit removes a table that the version does not have");
    }
    for (Table table : opened) {
      if (next.stream().anyMatch(other -> other.info().number() == table.info().number())) {
        throw new IllegalStateException("table " + table.info().number() + " is added twice");
      }
      next.add(table);
    }
    return new Version(next);
  }

  /// The tables of a level, in the order of invariant 1 or 2.
  public List<Table> level(int level) {
    return levels.get(level);
  }

  /// The one table of a level below 0 that may hold a user key, or null.
  public @Nullable Table find(int level, MemorySegment userKey) {
    assert level > 0 : "tables of level 0 overlap";
    List<Table> tables = levels.get(level);
    int index = firstEndingAtOrAfter(tables, userKey);
    if (index == tables.size() || !tables.get(index).info().mayHold(userKey)) {
      return null;
    }
    return tables.get(index);
  }

  /// The index of the first of the ordered, disjoint `tables` that does not end before `userKey`;
  /// their count when all do.
  static int firstEndingAtOrAfter(List<Table> tables, MemorySegment userKey) {
    int low = 0;
    int high = tables.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (tables.get(middle).info().largest().compareKey(userKey) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// The tables of a level that may hold a user key from `first` to `last`, both included.
  public List<Table> overlapping(int level, MemorySegment first, MemorySegment last) {
    return levels.get(level).stream().filter(table -> table.info().overlaps(first, last)).toList();
  }

  /// Whether a level deeper than `level` may hold a user key.
  public boolean mayHoldBelow(int level, MemorySegment userKey) {
    for (int deeper = level + 1; deeper < LEVELS; deeper++) {
      if (find(deeper, userKey) != null) {
        return true;
      }
    }
    return false;
  }

  /// Bytes of the tables of a level.
  public long bytes(int level) {
    long sum = 0;
    for (Table table : levels.get(level)) {
      sum += table.info().sizeBytes();
    }
    return sum;
  }

  public int tableCount() {
    return numbers.getIntCardinality();
  }

  /// The numbers of all tables; not to be changed.
  Roaring64Bitmap numbers() {
    return numbers;
  }

  List<TableInfo> infos() {
    List<TableInfo> infos = new ArrayList<>();
    for (List<Table> level : levels) {
      for (Table table : level) {
        infos.add(table.info());
      }
    }
    return infos;
  }
}
