package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.HostFiles;
import dev.iobus.SimHostFiles;
import dev.iobus.endurance.BusMachine.Action;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.opentest4j.TestAbortedException;

/// Random programs on files, slots, sockets, pools and time, with cancels, chains, barriers and
/// closes in mid-flight, against the model of [BusMachine]. A program that fails is shrunk to the
/// steps that matter.
final class BusMachineProperties {

  record Step(Action action, int x, int y) {}

  @Provide
  Arbitrary<List<Step>> programs() {
    Arbitrary<Integer> numbers = Arbitraries.integers().between(0, (1 << 16) - 1);
    return Combinators.combine(Arbitraries.of(Action.weighted()), numbers, numbers)
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(150);
  }

  @Property(tries = 40)
  void uringDoesAsTheModel(@ForAll("programs") List<Step> program) throws IOException {
    run(BackendKind.IO_URING, 32, program);
  }

  @Property(tries = 20)
  void uringWithHardlyAnyRoomDoesAsTheModel(@ForAll("programs") List<Step> program)
      throws IOException {
    run(BackendKind.IO_URING, 3, program);
  }

  @Property(tries = 40)
  void nioDoesAsTheModel(@ForAll("programs") List<Step> program) throws IOException {
    run(BackendKind.NIO, 32, program);
  }

  @Property(tries = 20)
  void nioWithHardlyAnyRoomDoesAsTheModel(@ForAll("programs") List<Step> program)
      throws IOException {
    run(BackendKind.NIO, 3, program);
  }

  @Property(tries = 40)
  void kqueueDoesAsTheModel(@ForAll("programs") List<Step> program) throws IOException {
    run(BackendKind.KQUEUE, 32, program);
  }

  @Property(tries = 20)
  void kqueueWithHardlyAnyRoomDoesAsTheModel(@ForAll("programs") List<Step> program)
      throws IOException {
    run(BackendKind.KQUEUE, 3, program);
  }

  @Property(tries = 60)
  void simulatedHostDoesAsTheModel(@ForAll("programs") List<Step> program, @ForAll long seed)
      throws IOException {
    run(seed, 32, program);
  }

  @Property(tries = 30)
  void simulatedHostWithHardlyAnyRoomDoesAsTheModel(
      @ForAll("programs") List<Step> program, @ForAll long seed) throws IOException {
    run(seed, 3, program);
  }

  private static void run(long seed, int capacity, List<Step> program) throws IOException {
    SimDisk disk = new SimDisk();
    Path directory = Path.of("/machine");
    disk.createDirectories(directory);
    SimScheduler scheduler = new SimScheduler(seed, disk);
    BusOptions options =
        BusOptions.defaults().withScheduler(scheduler).withCapacity(capacity).withFiles(4);
    scheduler.run(() -> run(() -> Bus.open(options), directory, new SimHostFiles(disk), program));
    assertEquals(0, scheduler.openFiles(), () -> "open: " + scheduler.openPaths());
  }

  private static void run(
      BusMachine.Opening opening, Path directory, HostFiles files, List<Step> program)
      throws IOException {
    try (BusMachine machine = new BusMachine(opening, directory, files)) {
      for (Step step : program) {
        machine.step(step.action, step.x, step.y);
      }
    }
  }

  private static void run(BackendKind kind, int capacity, List<Step> program) throws IOException {
    BusOptions options;
    try {
      options = Host.options(kind, capacity);
    } catch (TestAbortedException e) {
      System.err.println("skipped: " + e.getMessage());
      return;
    }
    Path directory = Files.createTempDirectory("bus-machine");
    try {
      run(() -> Bus.open(options), directory, HostFiles.REAL, program);
    } finally {
      remove(directory);
    }
  }

  private static void remove(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
