package dev.iobus.sim;

import java.util.List;

/// What is tried with one seed after the other: a plan that is made of the seed, and a simulation
/// that carries it out and checks what must hold.
///
/// The plan is a list, so that what a failure needs can be told from what it does not: see
/// [Shrinker]. A run must take everything that it does and that happens to it from the seed and the
/// parts that it is given, and must be able to do with any selection of them.
///
/// ```java
/// final class Appends implements Scenario<Integer> {
///   public List<Integer> plan(long seed) {
///     // … lengths of records …
///   }
///
///   public void run(long seed, List<Integer> lengths, SimTally tally) throws Exception {
///     SimScheduler scheduler = new SimScheduler(seed, disk);
///     // … appends records of these lengths, loses power, opens again and compares …
///     tally.add(scheduler);
///   }
/// }
/// ```
///
/// Thread-safe: several seeds may be tried at one time.
///
/// @param <P> a part of a plan: something that is done or that goes wrong, which its `toString` tells
public interface Scenario<P> {

  /// What is done and what goes wrong with this seed, in order. The same list for the same seed.
  List<P> plan(long seed);

  /// Carries out these parts of the plan of a seed.
  ///
  /// @param parts all of the plan or some of it, in order
  /// @param tally counts what happens
  /// @throws Exception when something did not hold; so is an [Error]
  void run(long seed, List<P> parts, SimTally tally) throws Exception;
}
