package dev.iobus;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory for transfers of a [SharedBus]: a shared arena that is not freed once the bus has failed, as
/// the kernel may still write to it. Thread-safe.
final class BusArena implements Arena {

  private final Arena arena = Arena.ofShared();
  private final BusFailure failure;

  BusArena(BusFailure failure) {
    this.failure = failure;
  }

  @Override
  public MemorySegment allocate(long byteSize, long byteAlignment) {
    return arena.allocate(byteSize, byteAlignment);
  }

  @Override
  public MemorySegment.Scope scope() {
    return arena.scope();
  }

  @Override
  public void close() {
    // A bus that fails after this look has nothing in flight here: each call on the memory has ended.
    if (!failure.isPresent()) {
      arena.close();
    }
  }
}
