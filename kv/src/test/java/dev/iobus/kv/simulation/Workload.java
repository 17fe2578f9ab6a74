package dev.iobus.kv.simulation;

import java.util.List;

/// What a simulated client does, one step after the other.
///
/// @param seed of the values, and of the host
record Workload(long seed, List<Step> steps) {

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("workload ").append(seed).append(':');
    for (Step step : steps) {
      text.append("\n  ").append(step);
    }
    return text.toString();
  }
}
