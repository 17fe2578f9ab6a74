package dev.iobus.backend;

import java.lang.foreign.MemorySegment;

/// A backend of a simulated host, which is no part of this package.
///
/// Threads: as [Backend] says, for both modes.
public abstract non-sealed class SimulatedBackend implements Backend {

  protected SimulatedBackend() {}

  @Override
  public final int readCached(
      int descriptor, MemorySegment vector, MemorySegment buffer, int length, long offset) {
    return -1;
  }
}
