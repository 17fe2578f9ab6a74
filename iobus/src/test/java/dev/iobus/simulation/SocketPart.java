package dev.iobus.simulation;

import dev.iobus.sim.PlannedFault;
import java.time.Duration;

/// Something that a client does, or that goes wrong. Immutable.
public sealed interface SocketPart {

  /// How a client sends and receives.
  enum Way {
    /// One operation that goes on until it is whole.
    FULLY,
    /// One operation after the other, each for what is left.
    PIECES,
    /// As pieces, each without a copy; received into buffers of a pool.
    LENT,
    /// As pieces, each in several parts of memory.
    PARTS
  }

  /// A client sends so many bytes, and takes them back meanwhile.
  record Asks(int client, int bytes, Way way) implements SocketPart {}

  /// A client does nothing for so long.
  record Thinks(int client, Duration time) implements SocketPart {}

  /// A client waits with a deadline for bytes that nobody sends.
  record WaitsInVain(int client, Duration deadline) implements SocketPart {}

  /// A client says that it has sent all, reads to the end, and connects anew.
  record Reconnects(int client) implements SocketPart {}

  /// Something goes wrong.
  record Fails(PlannedFault fault) implements SocketPart {}
}
