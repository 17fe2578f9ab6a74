package dev.iobus.sim;

import java.util.List;

/// A seed with which something does not hold, and how little of its plan is needed for that.
///
/// @param seed of the plan and of the run
/// @param kept which parts of the plan, by their numbers from 0
/// @param parts the parts themselves
/// @param failure what the run with these parts has thrown
/// @param runs how many runs it took to find out
/// @param <P> a part of a plan
public record Counterexample<P>(
    long seed, List<Integer> kept, List<P> parts, Throwable failure, int runs) {

  /// For people: the parts, one line each with its number, and why it fails.
  public String describe() {
    StringBuilder text = new StringBuilder("seed ").append(seed).append(" fails with\n");
    for (int i = 0; i < parts.size(); i++) {
      text.append("  ").append(kept.get(i)).append(": ").append(parts.get(i)).append('\n');
    }
    text.append("because of ").append(failure).append('\n');
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      text.append("caused by ").append(cause).append('\n');
    }
    return text.toString();
  }
}
