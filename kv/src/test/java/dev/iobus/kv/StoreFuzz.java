package dev.iobus.kv;

import static java.util.Objects.requireNonNull;

import dev.iobus.proof.Checksums;
import dev.iobus.proof.EditScript;
import dev.iobus.proof.EditedFiles;
import dev.iobus.proof.FuzzTarget;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryLimitException;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A whole directory with manifest, log and two tables, on a simulated host: an [EditScript] changes
/// it, then it is opened, walked and verified.
public final class StoreFuzz implements FuzzTarget {

  private static final Path DIRECTORY = Path.of("/fuzz/store");
  private static final int KEYS = 40;

  private final EditedFiles files = new EditedFiles();

  /// Loaded when Jazzer asks for it.
  private static final class Self {
    static final StoreFuzz TARGET = new StoreFuzz();
  }

  /// Makes the directory.
  public StoreFuzz() {
    SimDisk disk = newDisk();
    SimScheduler host = new SimScheduler(1, disk);
    try {
      host.run(() -> fill(host));
      for (String name : disk.list(DIRECTORY)) {
        if (!name.equals("lock")) {
          files.add(name, disk.read(DIRECTORY.resolve(name)));
        }
      }
    } catch (IOException e) {
      throw new AssertionError("a disk without faults failed", e);
    }
  }

  private static SimDisk newDisk() {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    return disk;
  }

  private static StoreOptions options(SimScheduler host) {
    return StoreOptions.defaults()
        .withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN)
        .withMemtableBytes(64 << 10)
        .withLogSegmentBytes(64 << 10, 64 << 10)
        .withScheduler(host);
  }

  private static void fill(SimScheduler host) throws IOException {
    try (Store store = Store.open(DIRECTORY, options(host))) {
      for (int round = 0; round < 3; round++) {
        for (int i = round; i < KEYS; i += round + 1) {
          byte[] value = new byte[i * 20];
          Arrays.fill(value, (byte) i);
          store.write(new WriteBatch().put(key(i), value), Durability.WRITTEN);
        }
        store.delete(key(round));
        if (round < 2) {
          store.flush();
        }
      }
    }
  }

  private static byte[] key(int i) {
    return ("key" + i).getBytes();
  }

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    Self.TARGET.run(input);
  }

  /// The first byte says whose checksums are made right again: 1 the log's and the manifest's, 2 the
  /// tables'.
  @Override
  public void run(byte[] input) throws IOException {
    SimDisk disk = newDisk();
    files.edit(
        input,
        (name, bytes, isEdited) -> {
          if (isEdited) {
            fix(name, bytes, input[0]);
          }
          disk.write(DIRECTORY.resolve(name), bytes);
        });
    SimScheduler host = new SimScheduler(2, disk);
    try {
      host.run(() -> read(host));
    } catch (CorruptionException | FormatVersionException refused) {
      assert requireNonNull(refused.getMessage()).contains(DIRECTORY.toString()) : refused;
    } catch (MemoryLimitException refused) {
      // A record that is said to be longer than this store's memory.
      assert requireNonNull(refused.getMessage()).contains("needs") : refused;
    }
    assert host.openFiles() == 0 : host.openFiles() + " files are left open";
  }

  private static void fix(String name, byte[] bytes, int which) {
    boolean table = name.startsWith("table-");
    if (table && (which & 2) != 0) {
      Checksums.fixTable(bytes);
    } else if (!table && (which & 1) != 0) {
      Checksums.fixFrames(bytes);
    }
  }

  private static void read(SimScheduler host) throws IOException {
    try (Store store = Store.open(DIRECTORY, options(host))) {
      try (Cursor cursor = store.cursor()) {
        int count = 0;
        for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
          count++;
        }
        for (boolean more = cursor.seekToLast(); more && count >= 0; more = cursor.previous()) {
          count--;
        }
      }
      for (int i = 0; i < KEYS; i += 7) {
        store.get(key(i));
      }
      store.verify();
      store.put(key(1), key(2));
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(new byte[] {3});
    seeds.add(overlap());
    for (int file = 0; file < files.count(); file++) {
      int end = files.bytes(file).length;
      int[] places = {4096 + 8, 4096 + 60, 8192 + 20, end - 4096 + 30, 100};
      for (int what = 0; what < places.length; what++) {
        seeds.add(EditedFiles.input(3, file, what, places[what], 1L << (9 * what)));
      }
    }
    return seeds;
  }

  /// Moves the two tables of level 0, which overlap, to level 1, where they must not: that was an
  /// IllegalStateException, which names neither file nor damage.
  private byte[] overlap() {
    byte[] level = {(byte) 133, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    byte[] script = {3};
    for (int file = 0; file < files.count(); file++) {
      byte[] bytes = files.bytes(file);
      for (int at = 0; files.name(file).startsWith("manifest-") && at < bytes.length - 13; at++) {
        if (Arrays.equals(bytes, at, at + 13, level, 0, 13)) {
          byte[] order = EditScript.order(file, 1, at + 5, 1);
          int end = script.length;
          script = Arrays.copyOf(script, end + order.length);
          System.arraycopy(order, 0, script, end, order.length);
        }
      }
    }
    assert script.length == 1 + 2 * 14 : "two tables";
    return script;
  }

  @Override
  public long heapBytesMax() {
    return 256 << 20;
  }
}
