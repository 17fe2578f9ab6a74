package dev.iobus.endurance;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.HostFiles;
import dev.iobus.KernelBus;
import dev.iobus.endurance.BusMachine.Action;
import dev.iobus.uring.DisturbedKernel;
import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Many random operations, with cancels, deadlines and closes in mid-flight, on a bus of a usual
/// size and on one with hardly any room for completions.
@Timeout(1200)
final class BusStressTest {

  /// Results in each run; `-Pendurance` asks for a million in all.
  private static final int RESULTS = Integer.getInteger("iobus.endurance.results", 1_000);

  private static final long SEED = Long.getLong("iobus.endurance.seed", 1);

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"IO_URING, 64", "IO_URING, 3", "KQUEUE, 64", "KQUEUE, 3", "NIO, 64", "NIO, 3"})
  void eachOperationEndsOnceAndAsItMust(BackendKind kind, int capacity) throws IOException {
    BusOptions options = Host.options(kind, capacity);
    run(() -> Bus.open(options), directory, kind + " with room for " + capacity);
  }

  @Test
  void resultsThatOverflowTheirQueueAreNotLost() throws IOException {
    BusOptions options = Host.options(BackendKind.IO_URING, 64);
    try (var kernel = new LimitedKernel(List.of(KernelFeature.ROOM_FOR_ALL_RESULTS))) {
      run(() -> KernelBus.open(options, kernel), directory, "a queue of 8 results");
    }
  }

  @Test
  void callsThatAreRefusedAreMadeAgain() throws IOException {
    BusOptions options = Host.options(BackendKind.IO_URING, 64);
    try (DisturbedKernel kernel = new DisturbedKernel(SEED)) {
      // How often a bus enters the kernel for its results is a matter of time.
      BooleanSupplier disturbed = () -> kernel.disturbances() > 100;
      run(() -> KernelBus.open(options, kernel), directory, "a disturbed kernel", disturbed);
    }
  }

  private static void run(BusMachine.Opening opening, Path directory, String on) throws IOException {
    run(opening, directory, on, () -> true);
  }

  /// @param enough what must hold at the end, beside the number of results
  private static void run(
      BusMachine.Opening opening, Path directory, String on, BooleanSupplier enough)
      throws IOException {
    List<Action> actions = Action.weighted();
    Random random = new Random(SEED);
    long steps = 0;
    try (BusMachine machine = new BusMachine(opening, directory, HostFiles.REAL)) {
      while (machine.results() < RESULTS || !enough.getAsBoolean()) {
        steps++;
        Action action = actions.get(random.nextInt(actions.size()));
        machine.step(action, random.nextInt(1 << 16), random.nextInt(1 << 16));
      }
    } catch (AssertionError | RuntimeException | IOException e) {
      throw new AssertionError(
          "step " + steps + " of -Diobus.endurance.seed=" + SEED + " on " + on, e);
    }
  }
}
