package dev.iobus.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where a run puts its data and its numbers. Data lies in a fresh directory of its own, so that
/// removing it can never remove anything else.
///
/// @param data a new, empty directory
/// @param resultFile where `result.json` goes
public record ResultsDirectory(Path data, Path resultFile) {

  private static final String HOME_PROPERTY = "bench.home";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  /// @param job the subcommand, part of the names
  /// @param dir where to put the data; null for `bench/results`
  /// @param out the file for the numbers; null for `result.json` under `bench/results`
  public static ResultsDirectory create(String job, @Nullable Path dir, @Nullable Path out)
      throws IOException {
    Path results = Path.of(System.getProperty(HOME_PROPERTY, "bench")).resolve("results");
    Path run = results.resolve(job + "-" + LocalDateTime.now(ZoneOffset.UTC).format(STAMP));
    Path parent = dir == null ? run : dir;
    Files.createDirectories(parent);
    Path data = Files.createTempDirectory(parent, job + "-data-");
    Path resultFile = out == null ? run.resolve("result.json") : out.toAbsolutePath();
    Files.createDirectories(resultFile.getParent());
    return new ResultsDirectory(data, resultFile);
  }

  /// Removes the data; the numbers stay.
  public void removeData() throws IOException {
    DiskUse.remove(data);
  }
}
