package dev.iobus.kv.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.kv.Store;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

/// A child that writes with several threads is killed with SIGKILL at random moments, again and
/// again over one directory, and after each kill this JVM opens the store at once.
///
/// The cases run side by side, as each waits for most of its time.
///
/// What is checked after each kill:
///
/// 1. `SYNCED` and `WRITTEN`: everything acknowledged is there; `BUFFERED`: a prefix without gap.
///    Batches are whole, no deleted key and no old value comes back: see [Ledger].
/// 2. Once the directory's lock is obtained no block of any file changes any more: nothing of the
///    dead process is still on its way to the disk.
/// 3. `verify` finds no damage, and the opening waits for the lock no longer than it may.
///
/// The system property `iobus.kills` sets the kills per case (8; the profile `kills` has 50), and
/// `iobus.kills.seed` the moments.
class KillTest {

  private static final int KILLS = Integer.getInteger("iobus.kills", 8);
  private static final long SEED = Long.getLong("iobus.kills.seed", System.nanoTime());

  private static final long WRITING_MILLIS_MIN = 60;
  private static final long WRITING_MILLIS_MAX = 560;
  private static final long OPENING_MILLIS_MAX = 300;
  private static final long QUIET_MILLIS = 300;
  private static final long OPEN_SECONDS_MAX = 5;

  static Stream<Arguments> cases() {
    return Stream.of(BackendKind.values())
        .filter(backend -> backend != BackendKind.SIMULATED)
        .flatMap(
            backend ->
                Stream.of(Durability.values())
                    .map(durability -> Arguments.of(backend, durability)));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @Execution(ExecutionMode.CONCURRENT)
  @MethodSource("cases")
  @Timeout(value = 20, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void killedWriterLosesNothingItHasAcknowledged(
      BackendKind backend, Durability durability, @TempDir Path parent) throws Exception {
    ProofOptions.assumeAvailable(backend);
    Path directory = parent.resolve("store");
    Random random = new Random(SEED + ProofOptions.number(backend, durability));
    List<Round> rounds = rounds(random);
    Ledger ledger = new Ledger();
    Child next = start(rounds.getFirst(), directory, backend, durability);
    try {
      long[] acknowledged = new long[0];
      for (int i = 0; i < rounds.size(); i++) {
        Child child = next;
        Round round = rounds.get(i);
        String where =
            "kill " + i + ", " + round + ", -Diobus.kills=" + KILLS + " -Diobus.kills.seed=" + SEED;
        try {
          child.go(ledger.applied());
          if (i + 1 < rounds.size()) {
            // The next JVM starts while this one writes: half of the time of a round is saved.
            next = start(rounds.get(i + 1), directory, backend, durability);
          }
          if (round.moment() == Moment.WHILE_WRITING) {
            child.awaitOpened();
          }
          Thread.sleep(round.millis());
          child.kill();
          long[] inTime = child.acknowledged();
          requireQuietOnceLocked(backend, directory);
          if (round.moment() == Moment.WHILE_WRITING) {
            acknowledged = inTime;
          } else {
            assertEquals(0, inTime.length, "an opening child acknowledges nothing");
          }
          boolean recoveryIsKilledNext =
              i + 1 < rounds.size() && rounds.get(i + 1).moment() == Moment.WHILE_OPENING;
          if (!recoveryIsKilledNext) {
            reopenAndCheck(backend, durability, directory, ledger, acknowledged);
            acknowledged = new long[0];
          }
        } catch (AssertionError | Exception e) {
          throw new AssertionError(where + ": " + e.getMessage(), e);
        } finally {
          child.close();
        }
      }
    } finally {
      next.close();
    }
  }

  private enum Moment {
    WHILE_OPENING,
    WHILE_WRITING
  }

  /// One child and when it is killed, counted from the permission to open or from the opening.
  private record Round(Moment moment, long millis) {}

  /// Every eighth child is killed while it recovers from the kill before it. The other moments are
  /// spread over the range: one, at random, in each of its equal parts.
  private static List<Round> rounds(Random random) {
    List<Long> writing = new ArrayList<>();
    double part = (double) (WRITING_MILLIS_MAX - WRITING_MILLIS_MIN) / KILLS;
    for (int i = 0; i < KILLS; i++) {
      writing.add(WRITING_MILLIS_MIN + (long) (part * (i + random.nextDouble())));
    }
    Collections.shuffle(writing, random);
    List<Round> rounds = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      rounds.add(
          i % 8 == 5
              ? new Round(Moment.WHILE_OPENING, (long) (OPENING_MILLIS_MAX * random.nextDouble()))
              : new Round(Moment.WHILE_WRITING, writing.get(i)));
    }
    return rounds;
  }

  private static Child start(
      Round round, Path directory, BackendKind backend, Durability durability)
      throws IOException {
    String what = round.moment() == Moment.WHILE_WRITING ? "write" : "open";
    return Children.start(
        what, directory.toString(), StoreChild.argument(backend), durability.name());
  }

  /// Takes the lock as a store would, which waits for the end of the dead process and of its last
  /// request, and looks at all blocks twice.
  private static void requireQuietOnceLocked(BackendKind backend, Path directory)
      throws Exception {
    long start = System.nanoTime();
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withBackend(backend));
        DataDirectory locked = DataDirectory.open(bus, directory)) {
      requireAtMost(OPEN_SECONDS_MAX, start, "obtaining the lock");
      DirectoryImage first = DirectoryImage.of(locked.path());
      Thread.sleep(QUIET_MILLIS);
      assertNull(
          DirectoryImage.of(locked.path()).changeSince(first),
          "a block changed after the lock was obtained");
    }
  }

  private static void reopenAndCheck(
      BackendKind backend,
      Durability durability,
      Path directory,
      Ledger ledger,
      long[] acknowledged)
      throws IOException {
    long start = System.nanoTime();
    try (Store store = Store.open(directory, ProofOptions.of(backend, durability))) {
      requireAtMost(OPEN_SECONDS_MAX, start, "opening the store");
      ledger.check(
          store,
          acknowledged,
          durability == Durability.BUFFERED
              ? Ledger.Promise.PREFIX
              : Ledger.Promise.ALL_ACKNOWLEDGED);
      store.verify();
    }
  }

  private static void requireAtMost(long seconds, long startNanos, String what) {
    long millis = (System.nanoTime() - startNanos) / 1_000_000;
    assertTrue(millis <= seconds * 1_000, () -> what + " took " + millis + " ms");
  }
}
