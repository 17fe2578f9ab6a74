package dev.iobus.kv.simulation;

import java.util.ArrayList;
import java.util.List;

/// What simulated clients do, each one step after the other.
///
/// @param seed of the host
/// @param clients who share the steps, 1 or [Entries#CLIENTS]
record Workload(long seed, int clients, List<Step> steps) {

  /// What a client does: every so manieth step, with keys of its own.
  List<Step> of(int client) {
    return deal(steps, client, clients);
  }

  static List<Step> deal(List<Step> steps, int client, int clients) {
    List<Step> own = new ArrayList<>();
    for (int i = client; i < steps.size(); i += clients) {
      own.add(steps.get(i).of(client, clients));
    }
    return own;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("workload ").append(seed);
    text.append(" of ").append(clients).append(" clients:");
    for (Step step : steps) {
      text.append("\n  ").append(step);
    }
    return text.toString();
  }
}
