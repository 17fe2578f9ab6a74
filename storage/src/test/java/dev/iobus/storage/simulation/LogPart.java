package dev.iobus.storage.simulation;

import dev.iobus.sim.PlannedFault;
import dev.iobus.storage.wal.Durability;
import java.time.Duration;

/// Something that is done to a log, or that goes wrong, in one of its lives. Immutable.
public sealed interface LogPart {

  /// From 0.
  int life();

  /// A writer appends a record and waits for it.
  ///
  /// @param number of the record; decides its bytes
  record Append(int life, int writer, int number, int bytes, Durability durability)
      implements LogPart {}

  /// A writer does nothing for so long.
  record Pause(int life, int writer, Duration time) implements LogPart {}

  /// A writer releases all that it knows to be durable, so that segments are used again.
  record Release(int life, int writer) implements LogPart {}

  /// Something goes wrong.
  record Fails(int life, PlannedFault fault) implements LogPart {}

  /// A life ends after so many operations of its disk, and not with a close.
  ///
  /// @param power whether power is lost, or the process alone ends
  record Ends(int life, boolean power, long operations) implements LogPart {}
}
