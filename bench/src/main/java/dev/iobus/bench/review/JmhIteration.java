package dev.iobus.bench.review;

import com.fasterxml.jackson.databind.JsonNode;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.result.Metric;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// One iteration of one fork of a JMH benchmark.
///
/// @param score in the unit of the benchmark; in mode `sample` the mean
/// @param latencies the sampled times, in nanoseconds; null in other modes
record JmhIteration(double score, @Nullable Histogram latencies) {

  private static final int DIGITS = 2;

  /// All iterations of `metric`, fork by fork.
  ///
  /// @param source the file, for messages
  static List<JmhIteration> of(JsonNode metric, JmhUnit unit, String source) throws IOException {
    List<JmhIteration> iterations = new ArrayList<>();
    for (JsonNode fork : metric.path("rawData")) {
      fork.forEach(score -> iterations.add(new JmhIteration(score.asDouble(Double.NaN), null)));
    }
    for (JsonNode fork : metric.path("rawDataHistogram")) {
      fork.forEach(samples -> iterations.add(sampled(samples, unit)));
    }
    if (iterations.isEmpty()) {
      throw new IOException(
          source + " is no result of JMH: expected a field 'rawData' or 'rawDataHistogram'");
    }
    return iterations;
  }

  /// @param samples pairs of a time and how often it was seen
  private static JmhIteration sampled(JsonNode samples, JmhUnit unit) {
    Histogram latencies = new Histogram(DIGITS);
    double sum = 0;
    long count = 0;
    for (JsonNode sample : samples) {
      double time = sample.path(0).asDouble();
      long times = sample.path(1).asLong();
      latencies.recordValueWithCount(Math.max(1, Math.round(time * unit.nanos())), times);
      sum += time * times;
      count += times;
    }
    return new JmhIteration(sum / count, latencies);
  }

  /// Adds what the samples say.
  void putLatencies(Map<Metric, Double> metrics) {
    if (latencies != null) {
      metrics.put(Metric.P50, Latencies.nanosAt(latencies, 50));
      metrics.put(Metric.P99, Latencies.nanosAt(latencies, 99));
      metrics.put(Metric.P999, Latencies.nanosAt(latencies, 99.9));
      metrics.put(Metric.MAX, Latencies.nanosAt(latencies, 100));
    }
  }
}
