package dev.iobus.bench.review;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.iobus.bench.measure.Series;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Turns what JMH writes with `-rf json` into a [Result]: a workload for each benchmark with its
/// parameters, a round for each iteration of each fork. The parameter `backend`, where there is
/// one, is the subject; else the subject is `jmh`.
///
/// Times per operation become rates: threads divided by time. JMH's own percentiles (mode `sample`)
/// become those of the runs; how the score was derived stands among the facts.
final class JmhResults {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String SUBJECT = "jmh";
  private static final String SUBJECT_PARAMETER = "backend";

  /// What [Metric] has of the profilers' numbers; `-prof gc` gives this one.
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private final ResultBuilder builder = new ResultBuilder("jmh");
  private final Map<String, Set<String>> facts = new LinkedHashMap<>();
  private final String source;

  private JmhResults(String source) {
    this.source = source;
  }

  /// @param text the file
  /// @param source its name, for messages
  /// @throws IOException when it is none of JMH's; says what is missing
  static Result parse(String text, String source) throws IOException {
    JsonNode benchmarks;
    try {
      benchmarks = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException(source + " is no JSON: " + e.getOriginalMessage(), e);
    }
    return new JmhResults(source).convert(benchmarks);
  }

  private Result convert(JsonNode benchmarks) throws IOException {
    Map<String, Integer> uses = new HashMap<>();
    for (JsonNode benchmark : benchmarks) {
      uses.merge(workload(benchmark) + '\n' + subject(benchmark), 1, Integer::sum);
    }
    for (JsonNode benchmark : benchmarks) {
      String workload = workload(benchmark);
      String subject = subject(benchmark);
      boolean modes = uses.getOrDefault(workload + '\n' + subject, 0) > 1;
      String name = modes ? workload + ", " + text(benchmark, "mode") : workload;
      addRuns(benchmark, name, subject);
      note("mode", text(benchmark, "mode"));
      note("forks", text(benchmark, "forks"));
      note("iterations", text(benchmark, "measurementIterations"));
      environment(benchmark);
    }
    facts.forEach((name, values) -> builder.fact(name, String.join(", ", values)));
    builder.fact("round", "one iteration of one fork");
    return builder.build();
  }

  private void note(String fact, String value) {
    facts.computeIfAbsent(fact, f -> new LinkedHashSet<>()).add(value);
  }

  /// What two results must share to be compared. The path of the JVM and its arguments are left
  /// out: they name directories.
  private void environment(JsonNode benchmark) throws IOException {
    builder.environment(
        Map.of(
            "JDK",
            text(benchmark, "jdkVersion")
                + " "
                + text(benchmark, "vmName")
                + " "
                + text(benchmark, "vmVersion")));
    builder.environment(Map.of("JMH", text(benchmark, "jmhVersion")));
  }

  /// Class and method, then the parameters, then the threads unless there is one.
  private String workload(JsonNode benchmark) throws IOException {
    String method = text(benchmark, "benchmark");
    int dot = method.lastIndexOf('.', method.lastIndexOf('.') - 1);
    StringBuilder name = new StringBuilder(method.substring(dot + 1));
    benchmark
        .path("params")
        .properties()
        .forEach(
            parameter -> {
              if (!parameter.getKey().equals(SUBJECT_PARAMETER)) {
                name.append(", ").append(parameter.getKey());
                name.append('=').append(parameter.getValue().asText());
              }
            });
    int threads = benchmark.path("threads").asInt(1);
    return threads == 1 ? name.toString() : name + ", " + threads + " threads";
  }

  private static String subject(JsonNode benchmark) {
    return benchmark.path("params").path(SUBJECT_PARAMETER).asText(SUBJECT);
  }

  private void addRuns(JsonNode benchmark, String workload, String subject) throws IOException {
    JsonNode primary = benchmark.path("primaryMetric");
    JmhUnit unit = JmhUnit.parse(text(primary, "scoreUnit"), source);
    int threads = benchmark.path("threads").asInt(1);
    if (unit.isTime()) {
      note("rate", "threads divided by time per operation");
    }
    List<JmhIteration> iterations = JmhIteration.of(primary, unit, source);
    List<Double> allocated = allocated(benchmark);
    for (int i = 0; i < iterations.size(); i++) {
      JmhIteration iteration = iterations.get(i);
      Map<Metric, Double> metrics = new EnumMap<>(Metric.class);
      metrics.put(Metric.OPERATIONS_PER_SECOND, unit.perSecond(iteration.score(), threads));
      iteration.putLatencies(metrics);
      if (i < allocated.size()) {
        metrics.put(Metric.ALLOCATED_PER_OPERATION, allocated.get(i));
      }
      builder.add(
          new Run(
              workload,
              subject,
              i,
              false,
              0,
              0,
              0,
              metrics,
              iteration.latencies(),
              Series.NONE));
    }
  }

  /// Bytes per operation of each iteration. Older releases mark the names of profilers with a dot.
  private static List<Double> allocated(JsonNode benchmark) {
    JsonNode secondary = benchmark.path("secondaryMetrics");
    JsonNode metric =
        secondary.has(ALLOCATED) ? secondary.path(ALLOCATED) : secondary.path("·" + ALLOCATED);
    List<Double> values = new ArrayList<>();
    for (JsonNode fork : metric.path("rawData")) {
      fork.forEach(value -> values.add(value.asDouble(Double.NaN)));
    }
    return values;
  }

  private String text(JsonNode parent, String name) throws IOException {
    JsonNode value = parent.path(name);
    if (!value.isValueNode() || value.isNull()) {
      throw new IOException(source + " is no result of JMH: expected a field '" + name + "'");
    }
    return value.asText();
  }
}
