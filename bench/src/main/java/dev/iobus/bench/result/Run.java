package dev.iobus.bench.result;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// One repetition of one workload on one subject. Immutable.
///
/// @param workload what was done; also says with how many threads when that is not one
/// @param subject what it was done to
/// @param round which repetition, from 0 on
/// @param superseded whether it was repeated because the machine was noisy, and does not count
/// @param operations how many operations ended
/// @param bytes how many bytes of user data they moved
/// @param nanos wall time
/// @param metrics what was measured; absent: not measured
/// @param latencies the time of each operation, in nanoseconds; null when not measured
/// @param series the rate over time
@JsonIgnoreProperties(ignoreUnknown = true)
public record Run(
    String workload,
    String subject,
    int round,
    boolean superseded,
    long operations,
    long bytes,
    long nanos,
    Map<Metric, Double> metrics,
    @JsonIgnore @Nullable Histogram latencies,
    @JsonIgnore Series series) {

  /// Values that are NaN are left out.
  public Run {
    EnumMap<Metric, Double> measured = new EnumMap<>(Metric.class);
    metrics.forEach(
        (metric, value) -> {
          if (!value.isNaN() && !value.isInfinite()) {
            measured.put(metric, value);
          }
        });
    metrics = Collections.unmodifiableMap(measured);
    series = series == null ? Series.NONE : series;
  }

  /// A run with the metrics that follow from its measurement.
  public static Run of(String workload, String subject, int round, Measurement m) {
    EnumMap<Metric, Double> metrics = new EnumMap<>(Metric.class);
    metrics.put(Metric.OPERATIONS_PER_SECOND, m.operationsPerSecond());
    metrics.put(Metric.MEGABYTES_PER_SECOND, m.bytes() == 0 ? Double.NaN : m.megabytesPerSecond());
    metrics.put(Metric.ALLOCATED_PER_OPERATION, m.allocatedBytes() / m.operations());
    putLatencies(metrics, m.latencies());
    return new Run(
        workload,
        subject,
        round,
        false,
        m.operations(),
        m.bytes(),
        m.nanos(),
        metrics,
        m.latencies(),
        m.series());
  }

  private static void putLatencies(Map<Metric, Double> metrics, Histogram latencies) {
    metrics.put(Metric.P50, Latencies.nanosAt(latencies, 50));
    metrics.put(Metric.P99, Latencies.nanosAt(latencies, 99));
    metrics.put(Metric.P999, Latencies.nanosAt(latencies, 99.9));
    metrics.put(Metric.MAX, Latencies.nanosAt(latencies, 100));
  }

  /// The value of `metric`; NaN when it was not measured.
  public double value(Metric metric) {
    return metrics.getOrDefault(metric, Double.NaN);
  }

  /// The same with one more metric.
  public Run with(Metric metric, double value) {
    Map<Metric, Double> more = new EnumMap<>(Metric.class);
    more.putAll(metrics);
    more.put(metric, value);
    return new Run(
        workload, subject, round, superseded, operations, bytes, nanos, more, latencies, series);
  }

  /// The same without latencies: its steps were not what a user would call an operation.
  public Run withoutLatencies() {
    Map<Metric, Double> fewer = new EnumMap<>(Metric.class);
    fewer.putAll(metrics);
    fewer.keySet().removeAll(List.of(Metric.P50, Metric.P99, Metric.P999, Metric.MAX));
    return new Run(
        workload, subject, round, superseded, operations, bytes, nanos, fewer, null, series);
  }

  /// The same, marked as not counting.
  public Run asSuperseded() {
    return new Run(
        workload, subject, round, true, operations, bytes, nanos, metrics, latencies, series);
  }

  /// The same with what lies in files of its own.
  public Run with(@Nullable Histogram latencies, Series series) {
    return new Run(
        workload, subject, round, superseded, operations, bytes, nanos, metrics, latencies, series);
  }

  /// How others disturbed the run: the share of all processors that they and the hypervisor had;
  /// 0 when not known.
  public double noise() {
    double others = value(Metric.OTHERS_CPU);
    double stolen = value(Metric.STOLEN_CPU);
    return (Double.isNaN(others) ? 0 : others) + (Double.isNaN(stolen) ? 0 : stolen);
  }
}
