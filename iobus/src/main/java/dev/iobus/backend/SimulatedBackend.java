package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/// A backend of a simulated host, which is no part of this package. It has files and no network.
///
/// Threads: as [Backend] says, for both modes.
public abstract non-sealed class SimulatedBackend implements Backend {

  protected SimulatedBackend() {}

  @Override
  public final boolean repeats(Request request) {
    return false;
  }

  @Override
  public final int openPool(
      MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public final void provide(int pool, int buffer) {
    throw new AssertionError("there are no pools");
  }

  @Override
  public final void closePool(int pool) {
    throw new AssertionError("there are no pools");
  }

  @Override
  public final @Nullable SocketAddress localAddress(int descriptor) {
    return null;
  }

  @Override
  public final @Nullable SocketAddress peerAddress(int descriptor) {
    return null;
  }

  @Override
  public final int setOption(int descriptor, SocketOption<?> option, int value) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public final int option(int descriptor, SocketOption<?> option) {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public final int descriptor() {
    return -Errno.EOPNOTSUPP;
  }

  @Override
  public final void notice() {}

  @Override
  public final int readCached(
      int descriptor, MemorySegment vector, MemorySegment buffer, int length, long offset) {
    return -1;
  }
}
