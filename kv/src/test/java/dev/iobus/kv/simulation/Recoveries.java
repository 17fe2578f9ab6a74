package dev.iobus.kv.simulation;

import dev.iobus.kv.Store;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/// Opens what a crash has left, on a host without faults, and says what the store holds. Stateless.
final class Recoveries {

  private Recoveries() {}

  /// Opens and closes a store.
  ///
  /// @param host a host that was not used yet, on the disk that a crash has left
  /// @return its state
  /// @throws AssertionError when it cannot be opened, or leaves something open
  static int[] open(SimScheduler host, History history) {
    AtomicReference<int[]> state = new AtomicReference<>();
    boolean ended =
        host.run(
            () -> {
              try (Store store = Store.open(StoreRun.DIRECTORY, StoreRun.options(host))) {
                state.set(Contents.of(store, history));
              } catch (IOException e) {
                throw new AssertionError("what a crash left cannot be opened", e);
              }
              requireNothing(host.openFiles(), "files");
              requireNothing(host.tasks() - 1, "tasks");
            });
    if (!ended) {
      throw new AssertionError("power was lost");
    }
    return Objects.requireNonNull(state.get());
  }

  private static void requireNothing(int count, String what) {
    if (count > 0) {
      throw new AssertionError(count + " " + what + " are left");
    }
  }

  static void check(CrashImages.Image image, int[] state) {
    if (image.killed()) {
      image.view().checkAfterKill(state);
    } else {
      image.view().checkAfterCrash(state);
    }
  }
}
