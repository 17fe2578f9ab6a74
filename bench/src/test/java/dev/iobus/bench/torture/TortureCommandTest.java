package dev.iobus.bench.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.Counterexample;
import dev.iobus.sim.Scenario;
import dev.iobus.sim.SimTally;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

final class TortureCommandTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private int run(String... arguments) throws Exception {
    TortureCommand command = new TortureCommand();
    new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
    return command.run(new PrintStream(bytes, true, StandardCharsets.UTF_8));
  }

  private String said() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void seedsOfEveryTargetAreRunAndCounted() throws Exception {
    assertEquals(0, run("--seeds", "5", "--from", "1", "--no-progress"));
    assertTrue(said().contains("log     5 seeds from 1"), this::said);
    assertTrue(said().contains("store   5 seeds from 1"), this::said);
    assertTrue(said().contains("sockets 5 seeds from 1"), this::said);
    assertTrue(said().contains("a switch between tasks costs"), this::said);
  }

  @Test
  void oneSeedTellsWhatItDoes() throws Exception {
    assertEquals(0, run("log", "--seed", "7", "--only", "1,2"));
    assertTrue(said().lines().filter(line -> line.matches("  [12]: .*")).count() == 2, this::said);
    assertTrue(said().endsWith("all is well\n"), this::said);
  }

  @Test
  void wrongUseIsRefused() {
    assertThrows(ParameterException.class, () -> run("log", "--only", "1"));
    assertThrows(ParameterException.class, () -> run("--seed", "1"));
    assertThrows(ParameterException.class, () -> run("--seeds", "0"));
    assertThrows(ParameterException.class, () -> run("log", "--seed", "1", "--only", "100000"));
  }

  /// Fails for seeds from 50 on, when its parts 3 and 4 are there.
  private static final class Planted implements Scenario<String> {

    @Override
    public List<String> plan(long seed) {
      return List.of("a", "b", "c", "d", "e", "f");
    }

    @Override
    public void run(long seed, List<String> parts, SimTally tally) {
      if (seed >= 50 && parts.contains("d") && parts.contains("e")) {
        throw new AssertionError("d and e");
      }
    }
  }

  @Test
  void theFirstFailureEndsItAndIsShrunk() throws Exception {
    Torture torture = new Torture(new Planted(), 1, Long.MAX_VALUE, Long.MAX_VALUE, 100);
    Counterexample<?> found = torture.run(2);
    assertNotNull(found);
    assertTrue(found.seed() >= 50);
    assertEquals(List.of(3, 4), found.kept());
    assertTrue(torture.done() >= 50);
    assertEquals(null, new Torture(new Planted(), 1, 20, Long.MAX_VALUE, 100).run(2));
    assertEquals(null, new Torture(new Planted(), 1, Long.MAX_VALUE, 0, 100).run(1));
  }
}
