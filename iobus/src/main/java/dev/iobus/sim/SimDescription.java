package dev.iobus.sim;

import dev.iobus.backend.WaitQueues;
import java.nio.file.Path;

/// What a descriptor stands for, and operations in flight hold on to: an opening of a file, a socket,
/// a bus.
///
/// Confined to the holder of the baton.
abstract sealed class SimDescription permits SimOpenFile, SimSocket, SimBusFile {

  /// What waits until this is ready.
  final WaitQueues<SimJob> waits = new WaitQueues<>();

  /// Whether those who wait are going to be served.
  boolean isServedSoon;

  private int references = 1;

  /// What names it to faults and in messages.
  abstract Path path();

  /// What it is ready for now: a set of [dev.iobus.backend.PollBits].
  abstract int readiness();

  /// Nobody refers to it any more.
  abstract void end();

  final void retain() {
    references++;
  }

  /// Lets go of one reference; the last one ends it.
  final void release() {
    if (--references == 0) {
      end();
    }
  }
}
