package dev.iobus.kv.simulation;

import dev.iobus.sim.PlannedFault;

/// Something that is done to a store, or that goes wrong, in one of its lives. Immutable.
public sealed interface StorePart {

  /// From 0.
  int life();

  /// Several clients share the steps of all lives; without it there is one.
  record Clients(int life, int count) implements StorePart {}

  /// A client takes a step.
  record Does(int life, Step step) implements StorePart {}

  /// Something goes wrong.
  record Fails(int life, PlannedFault fault) implements StorePart {}

  /// A life ends after so many operations of its disk, and not with a close.
  ///
  /// @param power whether power is lost, or the process alone ends
  record Ends(int life, boolean power, long operations) implements StorePart {}
}
