package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// A task without a body was started, and its thread ended with an error that nobody who had called was
/// told of; a simulation failed by it later. Who passes null is told at once, and what is missing.
final class SchedulerArgumentsTest {

  private final SimScheduler simulated = new SimScheduler(1, new SimDisk());

  @Test
  void aTaskNeedsABody() {
    assertNamed("body", () -> Scheduler.system().start("task", none()));
    boolean ended =
        simulated.run(
            () -> {
              assertNamed("body", () -> simulated.start("task", none()));
              assertNamed("body", () -> simulated.startVirtual("task", none()));
            });
    assertTrue(ended);
  }

  /// In a simulation it was a task all the same, whose name was null in every message.
  @Test
  void aTaskNeedsAName() {
    assertNamed("name", () -> Scheduler.system().start(none(), () -> {}));
    boolean ended =
        simulated.run(
            () -> {
              assertNamed("name", () -> simulated.start(none(), () -> {}));
              assertNamed("name", () -> simulated.startVirtual(none(), () -> {}));
            });
    assertTrue(ended);
  }

  @Test
  void aSimulationNeedsABodyAndItsWatcher() {
    assertNamed("body", () -> simulated.run(none()));
    assertNamed("body", () -> simulated.runVirtual(none()));
    assertNamed("watcher", () -> simulated.watch(none()));
    assertTrue(simulated.run(() -> {}), "nothing was begun");
  }

  private static void assertNamed(String argument, Executable call) {
    assertEquals(argument, assertThrows(NullPointerException.class, call).getMessage());
  }

  /// What a caller without its checks may pass.
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }
}
