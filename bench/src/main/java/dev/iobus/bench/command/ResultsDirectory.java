package dev.iobus.bench.command;

import dev.iobus.bench.host.DiskUse;
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
/// @param numbers where the files of the result go
public record ResultsDirectory(Path data, Path numbers) {

  private static final String HOME_PROPERTY = "bench.home";
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  /// @param job the subcommand, part of the names
  /// @param dir where to put the data; null for a directory under `bench/results`
  /// @param out the directory for the numbers; null for one under `bench/results`
  static ResultsDirectory create(String job, @Nullable Path dir, @Nullable Path out)
      throws IOException {
    Path results = Path.of(System.getProperty(HOME_PROPERTY, "bench")).resolve("results");
    Path run = results.resolve(job + "-" + LocalDateTime.now(ZoneOffset.UTC).format(STAMP));
    Path parent = dir == null ? run : dir.toAbsolutePath();
    Files.createDirectories(parent);
    Path data = Files.createTempDirectory(parent, job + "-data-");
    Path numbers = out == null ? run : out.toAbsolutePath();
    Files.createDirectories(numbers);
    return new ResultsDirectory(data, numbers);
  }

  /// Removes the data; the numbers stay.
  void removeData() throws IOException {
    DiskUse.remove(data);
  }
}
