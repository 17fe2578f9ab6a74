package dev.iobus.kv.proof;

import dev.iobus.BackendKind;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The file system stops in mid-write: what ext4 had not written by then, data and names, is gone,
/// as after a power failure. A killed process proves nothing of the kind, because the kernel still
/// has all its bytes: here a missing sync of a file or of its directory shows.
///
/// After the remount `SYNCED` has lost nothing that was acknowledged; the others have kept a
/// prefix without gap. What this cannot show is a missing flush of the device's own cache.
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PowerLossTest {

  private static final int LOSSES = Integer.getInteger("iobus.losses", 2);
  private static final long SEED = Long.getLong("iobus.losses.seed", System.nanoTime());
  private static final long DISK_BYTES = 256 << 20;
  private static final int WRITING_MILLIS_MIN = 100;
  private static final int WRITING_MILLIS_MAX = 900;

  @TempDir Path temporary;

  static Stream<Arguments> cases() {
    return KillTest.cases();
  }

  @ParameterizedTest(name = "{0}, {1}")
  @Execution(ExecutionMode.CONCURRENT)
  @MethodSource("cases")
  void whatWasSyncedSurvivesPowerLoss(BackendKind backend, Durability durability)
      throws Exception {
    ProofOptions.assumeAvailable(backend);
    Random random = new Random(SEED + ProofOptions.number(backend, durability));
    Ledger ledger = new Ledger();
    try (LoopMount disk = LoopMount.create(temporary, DISK_BYTES)) {
      Path directory = disk.directory().resolve("store");
      for (int i = 0; i < LOSSES; i++) {
        int millis =
            WRITING_MILLIS_MIN + random.nextInt(WRITING_MILLIS_MAX - WRITING_MILLIS_MIN);
        long[] acknowledged =
            writeUntilPowerLoss(disk, directory, backend, durability, ledger, millis);
        disk.remount();
        try (Store store = Store.open(directory, ProofOptions.of(backend, durability))) {
          ledger.check(
              store,
              acknowledged,
              durability == Durability.SYNCED
                  ? Ledger.Promise.ALL_ACKNOWLEDGED
                  : Ledger.Promise.PREFIX);
          store.verify();
        } catch (AssertionError | IOException e) {
          throw new AssertionError(
              "loss " + i + " after " + millis + " ms, -Diobus.losses.seed=" + SEED + ": "
                  + e.getMessage(),
              e);
        }
      }
    }
  }

  private static long[] writeUntilPowerLoss(
      LoopMount disk,
      Path directory,
      BackendKind backend,
      Durability durability,
      Ledger ledger,
      int millis)
      throws Exception {
    try (Child child =
        Children.start(
            "write", directory.toString(), StoreChild.argument(backend), durability.name())) {
      child.go(ledger.applied());
      child.awaitOpened();
      Thread.sleep(millis);
      disk.losePower();
      child.kill();
      return child.acknowledgedUntilItsEnd();
    }
  }
}
