package dev.iobus.bench.result;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.iobus.bench.measure.Series;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.HdrHistogram.HistogramLogWriter;
import org.jspecify.annotations.Nullable;

/// Writes and reads the files of a [Result]; see the package. A run is known in all of them by its
/// place in `result.json`.
public final class ResultFiles {

  private static final String RESULT = "result.json";
  private static final String LATENCY = "latency.hdr";
  private static final String SERIES = "series.csv";
  private static final String SERIES_HEADER =
      "run,workload,subject,round,seconds,operationsPerSecond";

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private ResultFiles() {}

  /// Writes all files into `directory`, which exists; what is there is replaced.
  public static void write(Result result, Path directory) throws IOException {
    Files.writeString(
        directory.resolve(RESULT), JSON.writeValueAsString(result) + "\n", StandardCharsets.UTF_8);
    writeLatencies(result.runs(), directory.resolve(LATENCY));
    writeSeries(result.runs(), directory.resolve(SERIES));
  }

  private static void writeLatencies(List<Run> runs, Path file) throws IOException {
    try (PrintStream out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8)) {
      HistogramLogWriter log = new HistogramLogWriter(out);
      log.outputLogFormatVersion();
      log.outputComment("[latencies in nanoseconds, one line a run]");
      log.outputLegend();
      for (int i = 0; i < runs.size(); i++) {
        Histogram latencies = runs.get(i).latencies();
        if (latencies != null) {
          Histogram tagged = latencies.copy();
          tagged.setTag(tag(runs.get(i), i));
          log.outputIntervalHistogram(0, runs.get(i).nanos() / 1e9, tagged, 1);
        }
      }
      if (out.checkError()) {
        throw new IOException(file + " could not be written");
      }
    }
  }

  /// A tag may hold no comma, blank or end of line.
  private static String tag(Run run, int index) {
    String name = run.workload() + "|" + run.subject() + "|" + run.round();
    return index + "|" + name.replaceAll("[,\\s]+", "_");
  }

  private static void writeSeries(List<Run> runs, Path file) throws IOException {
    StringBuilder csv = new StringBuilder(SERIES_HEADER).append('\n');
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      double interval = run.series().intervalNanos() / 1e9;
      for (int j = 0; j < run.series().rates().size(); j++) {
        csv.append(i).append(',');
        csv.append(quoted(run.workload())).append(',').append(quoted(run.subject())).append(',');
        csv.append(run.round()).append(',');
        csv.append(String.format(Locale.ROOT, "%.1f,", (j + 1) * interval));
        csv.append(String.format(Locale.ROOT, "%.1f%n", run.series().rates().get(j)));
      }
    }
    Files.writeString(file, csv);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\"", "\"\"") + '"';
  }

  /// Reads a result.
  ///
  /// @param place the directory that holds the files, or its `result.json`
  /// @throws IOException when the files are not there or are no result; says which
  public static Result read(Path place) throws IOException {
    Path file = Files.isDirectory(place) ? place.resolve(RESULT) : place;
    Result result;
    try {
      result = JSON.readValue(Files.readString(file), Result.class);
    } catch (NoSuchFileException e) {
      throw new IOException(place + ": no such result", e);
    } catch (JsonProcessingException e) {
      throw new IOException(file + " is no result of this harness: " + e.getOriginalMessage(), e);
    }
    if (result.format() != Result.FORMAT) {
      throw new IOException(
          file + " has format " + result.format() + ", expected " + Result.FORMAT);
    }
    return withDetails(result, file.resolveSibling(LATENCY), file.resolveSibling(SERIES));
  }

  private static Result withDetails(Result result, Path latency, Path seriesFile)
      throws IOException {
    Map<Integer, Histogram> latencies = readLatencies(latency);
    Map<Integer, Series> series = readSeries(seriesFile);
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < result.runs().size(); i++) {
      Series rates = series.getOrDefault(i, Series.NONE);
      runs.add(result.runs().get(i).with(latencies.get(i), rates));
    }
    return new Result(
        result.format(),
        result.job(),
        result.environment(),
        result.facts(),
        result.failure(),
        runs,
        result.aims());
  }

  private static Map<Integer, Histogram> readLatencies(Path file) throws IOException {
    Map<Integer, Histogram> found = new HashMap<>();
    if (!Files.exists(file)) {
      return found;
    }
    try (HistogramLogReader log = new HistogramLogReader(file.toFile())) {
      while (log.hasNext()) {
        @Nullable EncodableHistogram next = log.nextIntervalHistogram();
        if (next instanceof Histogram histogram && histogram.getTag() != null) {
          found.put(indexOf(histogram.getTag(), file), histogram);
        }
      }
    }
    return found;
  }

  private static int indexOf(String tag, Path file) throws IOException {
    try {
      return Integer.parseInt(tag.substring(0, tag.indexOf('|')));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new IOException(file + " has the unknown tag '" + tag + "'", e);
    }
  }

  private static Map<Integer, Series> readSeries(Path file) throws IOException {
    Map<Integer, Series> found = new HashMap<>();
    if (!Files.exists(file)) {
      return found;
    }
    Map<Integer, List<Double>> rates = new HashMap<>();
    Map<Integer, Double> firstEnd = new HashMap<>();
    List<String> lines = Files.readAllLines(file);
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      // Only the names are quoted, and only they may hold commas: take the ends of the line.
      int afterRun = line.indexOf(',');
      int beforeRate = line.lastIndexOf(',');
      int beforeSeconds = line.lastIndexOf(',', beforeRate - 1);
      try {
        int run = Integer.parseInt(line.substring(0, afterRun));
        firstEnd.putIfAbsent(
            run, Double.parseDouble(line.substring(beforeSeconds + 1, beforeRate)));
        rates
            .computeIfAbsent(run, r -> new ArrayList<>())
            .add(Double.parseDouble(line.substring(beforeRate + 1)));
      } catch (IndexOutOfBoundsException | NumberFormatException e) {
        throw new IOException(file + " has a line that is no sample: " + line, e);
      }
    }
    rates.forEach(
        (run, values) ->
            found.put(
                run, new Series(Math.round(firstEnd.getOrDefault(run, 0.0) * 1e9), values)));
    return found;
  }
}
