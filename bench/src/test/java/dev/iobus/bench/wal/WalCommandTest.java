package dev.iobus.bench.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.command.ExitStatus;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultBuilder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class WalCommandTest {

  @TempDir private Path directory;

  @Test
  void shortRunIsRight() throws Exception {
    WalCommand command = new WalCommand();
    new CommandLine(command)
        .parseArgs("--threads=1,20v", "--seconds=0.05", "--rounds=1", "--size=200");
    ResultBuilder result = new ResultBuilder("wal");
    assertEquals(ExitStatus.OK, command.run(directory, Progress.none(), result));
    Result measured = result.build();
    assertTrue(measured.passed());
    assertEquals("SYNCED 200 B, 1 thread", measured.runs().getFirst().workload());
    assertTrue(measured.facts().containsKey("durable append"), measured.facts().toString());
  }

  @Test
  void wrongUsageIsTold() {
    CommandLine line = new CommandLine(new WalCommand());
    assertEquals(2, line.execute("--threads=none"));
    assertEquals(2, line.execute("--size=15"));
    assertEquals(2, line.execute("--size=2m"));
    assertEquals(2, line.execute("--rounds=0"));
    assertEquals(2, line.execute("--seconds=0"));
    assertEquals(2, line.execute("--durability=HOPED"));
  }

  @Test
  void helpIsNotAnError() {
    assertEquals(0, new CommandLine(new WalCommand()).execute("--help"));
  }
}
