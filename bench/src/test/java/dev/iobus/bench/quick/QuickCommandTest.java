package dev.iobus.bench.quick;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// The whole job on a small part of its input, kill included.
final class QuickCommandTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"SYNCED", "WRITTEN", "BUFFERED"})
  void everyPhaseRunsAndEveryAnswerIsRight(String durability) throws Exception {
    Path numbers = directory.resolve("numbers");
    int status =
        new CommandLine(new QuickCommand())
            .execute(
                "--dir=" + directory,
                "--out=" + numbers,
                "--durability=" + durability,
                "--limit=300",
                "--threads=8",
                "--kills=1",
                "--seconds=1",
                "--no-progress");
    assertEquals(0, status);
    Result result = ResultFiles.read(numbers);
    assertTrue(result.passed());
    assertEquals(13, result.runs().size(), result.runs().toString());
    assertFalse(leavesData(), "the data must be removed");
  }

  @Test
  void wrongUsageIsTold() {
    CommandLine line = new CommandLine(new QuickCommand());
    assertEquals(2, line.execute("--threads=0", "--no-progress"));
    assertEquals(2, line.execute("--backend=floppy"));
    assertEquals(2, line.execute("--memory=many"));
    assertEquals(2, line.execute("--durability=HOPED"));
  }

  private boolean leavesData() throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      return files.anyMatch(file -> file.getFileName().toString().contains("-data-"));
    }
  }

  @Test
  void helpIsNotAnError() {
    assertEquals(0, new CommandLine(new QuickCommand()).execute("--help"));
    assertTrue(new CommandLine(new QuickCommand()).getUsageMessage().contains("--keep"));
  }
}
