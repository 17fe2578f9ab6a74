package dev.iobus.bench.result;

import org.jspecify.annotations.Nullable;

/// What the first subject of a workload is meant to reach. Immutable.
///
/// @param workload the name of the workload
/// @param peer the subject whose value divides the first one's; null when the value itself counts
/// @param metric what is compared
/// @param bound the least value where a higher one is better, else the most
public record Aim(String workload, @Nullable String peer, Metric metric, double bound) {

  /// A ratio of rates, the first subject's over the peer's, of at least `least`.
  public static Aim rate(String workload, String peer, double least) {
    return new Aim(workload, peer, Metric.OPERATIONS_PER_SECOND, least);
  }

  /// A ratio of processor time per operation, the first subject's over the peer's, of at most
  /// `most`.
  public static Aim cpu(String workload, String peer, double most) {
    return new Aim(workload, peer, Metric.CPU_PER_OPERATION, most);
  }

  /// At most `most` bytes of heap per operation.
  public static Aim allocation(String workload, double most) {
    return new Aim(workload, null, Metric.ALLOCATED_PER_OPERATION, most);
  }

  /// Whether `value` is enough; false for NaN.
  public boolean isMet(double value) {
    return metric.better() == Metric.Better.HIGHER ? value >= bound : value <= bound;
  }
}
