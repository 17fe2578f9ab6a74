package dev.iobus.kv.simulation;

import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;

/// Opens what a crash has left, on a host without faults, and says what the store holds. Stateless.
final class Recoveries {

  /// What an opening may ask the disk for, however little there is.
  private static final int OPERATIONS = 160;

  /// For each file that is there: to open, read, sync and close it, or to delete it.
  private static final int OPERATIONS_PER_FILE = 12;

  /// What one operation moves at least, but for the last of a file.
  private static final int BYTES_PER_OPERATION = 16 << 10;

  /// What an opening may do between its operations, in nanoseconds of virtual time for each time that
  /// the seed decides who runs: it waits for its disk, and for nothing else.
  private static final long NANOS_PER_SWITCH = 2_000;

  /// As long as the background may pause, if one operation does not take longer.
  private static final long QUIET_NANOS = 2_000_000_000;

  /// Far more than any opening needs: what goes on for ever would never end.
  private static final long SWITCH_POINTS_MAX = 5_000_000;

  /// Memory of the kernel's that is in no budget: headers, and what is written into the lock.
  private static final long UNCOUNTED_BYTES = 64 << 10;

  private Recoveries() {}

  /// Opens and closes a store.
  ///
  /// @param host a host that was not used yet, on the disk that a crash has left
  /// @return what it holds
  /// @throws AssertionError when it cannot be opened, leaves something open, or took longer than what
  ///     was there allows
  static History.Found open(SimScheduler host, HistoryView view) {
    AtomicReference<History.Found> found = new AtomicReference<>();
    host.limitSwitchPoints(SWITCH_POINTS_MAX);
    boolean ended =
        host.run(
            () -> {
              try {
                found.set(openHere(host, view));
              } catch (IOException e) {
                throw new AssertionError("what a crash left cannot be opened", e);
              }
              StoreRun.requireNothingLeft(host);
            });
    if (!ended) {
      throw new AssertionError("power was lost");
    }
    return found.get();
  }

  /// As [#open], by a task of the host, which looks for what is left.
  ///
  /// @throws IOException when it cannot be opened or read
  static History.Found openHere(SimScheduler host, HistoryView view) throws IOException {
    StoreFiles files = new StoreFiles(host.disk(), view.spent());
    long most = operationsMax(files);
    long begin = host.operations();
    try (Store store = Store.open(StoreRun.DIRECTORY, StoreRun.options(host))) {
      long took = host.operations() - begin;
      require(took <= most, "an opening took " + took + " operations, not " + most);
      long mostNanos = host.deviceNanos() + host.switches() * NANOS_PER_SWITCH;
      require(
          host.elapsedNanos() <= mostNanos,
          "an opening took " + host.elapsedNanos() + " ns, its " + took + " operations and all else "
              + mostNanos);
      files.look();
      History.Found found = Contents.of(store, view.history());
      awaitQuiet(host, store);
      files.look();
      files.requireOnlyLive(store.stats(), false);
      require(
          host.memoryBytesMax() <= StoreOptions.MEMORY_BYTES_MIN + UNCOUNTED_BYTES,
          "transfers had " + host.memoryBytesMax() + " bytes of memory at one time");
      return found;
    }
  }

  private static long operationsMax(StoreFiles files) throws IOException {
    return OPERATIONS
        + (long) OPERATIONS_PER_FILE * files.count()
        + files.bytes() / BYTES_PER_OPERATION;
  }

  /// Returns when tasks in the background have ended what they do: nobody asks the disk for anything.
  static void awaitQuiet(SimScheduler host, Store store) {
    long nanos = Math.max(QUIET_NANOS, host.device().slowestNanos());
    long before;
    do {
      before = host.operations();
      StoreRun.pause(host, nanos);
      long reserved = store.stats().memoryReserved();
      require(reserved <= StoreOptions.MEMORY_BYTES_MIN, reserved + " bytes are reserved");
      long given = host.memoryBytes();
      require(
          given <= reserved + UNCOUNTED_BYTES,
          "transfers have " + given + " bytes of memory, of which " + reserved + " are reserved");
    } while (host.operations() > before);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }

  static void check(CrashImages.Image image, History.Found found) {
    if (image.killed()) {
      image.view().checkAfterKill(found);
    } else {
      image.view().checkAfterCrash(found);
    }
  }
}
