package dev.iobus.bench.quick;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
    Path result = directory.resolve("result.json");
    int status =
        new CommandLine(new QuickCommand())
            .execute(
                "--dir=" + directory,
                "--out=" + result,
                "--durability=" + durability,
                "--limit=300",
                "--threads=8",
                "--kills=1",
                "--seconds=1",
                "--no-progress");
    assertEquals(0, status);
    Map<String, Object> report = JSON.std.mapFrom(Files.readString(result));
    assertEquals(true, report.get("passed"));
    List<?> rows = (List<?>) report.get("rows");
    assertEquals(13, rows.size(), rows.toString());
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
      return files.anyMatch(Files::isDirectory);
    }
  }

  @Test
  void helpIsNotAnError() {
    assertEquals(0, new CommandLine(new QuickCommand()).execute("--help"));
    assertTrue(new CommandLine(new QuickCommand()).getUsageMessage().contains("--keep"));
  }
}
