package dev.iobus.kv.proof;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.BusException;
import dev.iobus.kv.Store;
import dev.iobus.kv.WriteBatch;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A store fills its disk. The write that finds no room fails with an error that names ENOSPC,
/// reads go on, and nothing that was acknowledged is lost when the disk has room again.
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DiskFullTest {

  private static final long DISK_BYTES = 64 << 20;

  /// What somebody else has on the disk, and deletes. A compaction may need as much room as all
  /// tables take, so this is more than half.
  private static final int BALLAST_BYTES = 42 << 20;
  private static final int BATCH_KEYS = 8;
  private static final int VALUE_BYTES = 4_000;
  private static final int BATCHES_MAX = (int) (DISK_BYTES / (BATCH_KEYS * VALUE_BYTES));
  private static final int MORE_TRIES = 4;

  @TempDir Path temporary;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void fullDiskLosesNothingAcknowledged(BackendKind backend) throws Exception {
    ProofOptions.assumeAvailable(backend);
    try (LoopMount disk = LoopMount.create(temporary, DISK_BYTES)) {
      Path ballast = disk.directory().resolve("ballast");
      byte[] filler = new byte[BALLAST_BYTES];
      new Random(1).nextBytes(filler);
      Files.write(ballast, filler);
      Path directory = disk.directory().resolve("store");

      int acknowledged = fill(directory, backend);
      disk.remount();
      openOnFullDisk(directory, backend, acknowledged);
      Files.delete(ballast);
      try (Store store = Store.open(directory, ProofOptions.of(backend, Durability.SYNCED))) {
        requireContents(store, acknowledged);
        put(store, acknowledged);
        store.verify();
      }
    }
  }

  /// Writes batches until there is no room, and returns how many were acknowledged.
  private static int fill(Path directory, BackendKind backend) throws IOException {
    int acknowledged = 0;
    IOException full = null;
    Store store = Store.open(directory, ProofOptions.of(backend, Durability.SYNCED));
    try {
      while (full == null) {
        assertTrue(acknowledged < BATCHES_MAX, "the disk does not get full");
        try {
          put(store, acknowledged);
          acknowledged++;
        } catch (IOException e) {
          full = e;
        }
      }
      requireNoSpace(full);
      for (int batch = 0; batch < acknowledged; batch++) {
        requireBatch(store, batch);
      }
      // Whoever goes on writing gets an error each time, or an acknowledgement that holds. The
      // batch whose outcome is unknown is written again with the same bytes.
      for (int i = 0; i < MORE_TRIES; i++) {
        try {
          put(store, acknowledged);
          acknowledged++;
        } catch (IOException e) {
          requireNoSpace(e);
        }
      }
    } finally {
      try {
        store.close();
      } catch (IOException e) {
        requireNoSpace(e);
      }
    }
    return acknowledged;
  }

  private static void openOnFullDisk(Path directory, BackendKind backend, int acknowledged)
      throws IOException {
    try (Store store = Store.open(directory, ProofOptions.of(backend, Durability.SYNCED))) {
      requireContents(store, acknowledged);
    } catch (IOException e) {
      requireNoSpace(e);
    }
  }

  private static void put(Store store, int number) throws IOException {
    WriteBatch batch = new WriteBatch();
    for (int member = 0; member < BATCH_KEYS; member++) {
      batch.put(Contents.key(key(number, member)), value(number, member));
    }
    store.write(batch);
  }

  private static void requireBatch(Store store, int number) throws IOException {
    for (int member = 0; member < BATCH_KEYS; member++) {
      String key = key(number, member);
      assertArrayEquals(value(number, member), store.get(Contents.key(key)), key);
    }
  }

  /// All that was acknowledged, and beyond it at most the one batch that was on its way, whole.
  private static void requireContents(Store store, int acknowledged) throws IOException {
    Map<String, byte[]> found = Contents.read(store);
    int batches = found.size() / BATCH_KEYS;
    assertTrue(
        found.size() % BATCH_KEYS == 0 && (batches == acknowledged || batches == acknowledged + 1),
        () -> found.size() + " keys found, " + acknowledged + " batches of " + BATCH_KEYS
            + " were acknowledged");
    for (int number = 0; number < batches; number++) {
      requireBatch(store, number);
    }
  }

  private static void requireNoSpace(IOException error) {
    BusException found = busException(error);
    assertNotNull(found, () -> "no error of the operating system is the cause of " + error);
    assertTrue(found.errnoName().equals("ENOSPC"), () -> "not ENOSPC: " + error);
  }

  private static @Nullable BusException busException(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof BusException found) {
        return found;
      }
    }
    return null;
  }

  private static String key(int number, int member) {
    // Spread, so that tables overlap and compactions have work.
    return "k" + (number * 7_919 % 1_000 + 1_000) + "/" + (number + 100_000) + "/" + member;
  }

  private static byte[] value(int number, int member) {
    byte[] value = new byte[VALUE_BYTES];
    new Random(number * 31L + member).nextBytes(value);
    return value;
  }
}
