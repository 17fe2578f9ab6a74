package dev.iobus.sim;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the least of a plan with which a scenario still fails.
///
/// Parts are left out in ever smaller runs, and left out for good when the rest fails without them
/// (delta debugging, Zeller and Hildebrandt 2002). What is left at the end cannot do without any
/// single part. It need not be the same failure: another one is as good a find.
///
/// Stateless.
public final class Shrinker {

  private Shrinker() {}

  /// Runs the whole plan of a seed.
  ///
  /// @return what the run has thrown, or null
  public static <P> @Nullable Throwable failure(
      Scenario<P> scenario, long seed, SimTally tally) {
    return failure(scenario, seed, scenario.plan(seed), tally);
  }

  /// Runs some parts of the plan of a seed.
  ///
  /// @return what the run has thrown, or null
  public static <P> @Nullable Throwable failure(
      Scenario<P> scenario, long seed, List<P> parts, SimTally tally) {
    try {
      scenario.run(seed, parts, tally);
      return null;
    } catch (Exception | Error e) {
      return e;
    }
  }

  /// The parts of a seed's plan that have these numbers.
  ///
  /// @param kept from 0 to the size of the plan, rising
  /// @throws IllegalArgumentException when the plan has no such part
  public static <P> List<P> parts(Scenario<P> scenario, long seed, List<Integer> kept) {
    List<P> plan = scenario.plan(seed);
    List<P> parts = new ArrayList<>();
    for (int index : kept) {
      if (index < 0 || index >= plan.size()) {
        throw new IllegalArgumentException(
            "the plan of seed " + seed + " has parts 0 to " + (plan.size() - 1) + ", not " + index);
      }
      parts.add(plan.get(index));
    }
    return parts;
  }

  /// Leaves out of a plan that fails whatever can be left out.
  ///
  /// @param seed one whose whole plan fails
  /// @param runsMax how many runs it may take; the least that was found by then is returned
  /// @throws IllegalArgumentException when the whole plan does not fail
  public static <P> Counterexample<P> shrink(Scenario<P> scenario, long seed, int runsMax) {
    SimTally tally = new SimTally();
    List<P> plan = scenario.plan(seed);
    List<Integer> kept = new ArrayList<>();
    for (int i = 0; i < plan.size(); i++) {
      kept.add(i);
    }
    Throwable failure = failure(scenario, seed, plan, tally);
    if (failure == null) {
      throw new IllegalArgumentException("seed " + seed + " does not fail");
    }
    int runs = 1;
    int length = Math.max(1, kept.size() / 2);
    boolean shorter = false;
    int at = 0;
    while (!kept.isEmpty() && runs < runsMax) {
      List<Integer> rest = new ArrayList<>(kept);
      rest.subList(at, Math.min(at + length, kept.size())).clear();
      Throwable still = failure(scenario, seed, parts(scenario, seed, rest), tally);
      runs++;
      if (still != null) {
        kept = rest;
        failure = still;
        shorter = true;
      } else {
        at += length;
      }
      if (at >= kept.size()) {
        if (length == 1 && !shorter) {
          break;
        }
        length = Math.max(1, length / 2);
        shorter = false;
        at = 0;
      }
    }
    return new Counterexample<>(
        seed, List.copyOf(kept), parts(scenario, seed, kept), failure, runs);
  }
}
