package dev.iobus.endurance;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.endurance.BusMachine.Action;
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

  private static void run(BackendKind kind, int capacity, List<Step> program) throws IOException {
    BusOptions options;
    try {
      options = Host.options(kind, capacity);
    } catch (TestAbortedException e) {
      System.err.println("skipped: " + e.getMessage());
      return;
    }
    Path directory = Files.createTempDirectory("bus-machine");
    try (BusMachine machine = new BusMachine(() -> Bus.open(options), directory)) {
      for (Step step : program) {
        machine.step(step.action, step.x, step.y);
      }
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
