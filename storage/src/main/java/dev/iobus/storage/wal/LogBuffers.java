package dev.iobus.storage.wal;

import dev.iobus.SharedBus;
import dev.iobus.storage.memory.MemoryLimitException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The memory that an open log writes from: buffers of groups, zeros, and a block for headers. Paid
/// for as long as it is there. Thread-safe once it is open.
final class LogBuffers implements AutoCloseable {

  /// Groups that are filled or written at the same time.
  private static final int GROUPS = 1 + Overlap.DEPTH;

  private final LogMemory memory;
  private final long bytes;
  private final Arena arena;
  private final GroupBuffer[] groups = new GroupBuffer[GROUPS];
  private final MemorySegment zeros;
  private final MemorySegment headerBlock;

  /// Bytes of all of it.
  static long bytes(int groupBytes, int blockSize) {
    return (long) GROUPS * groupBytes + SegmentSupply.ZERO_BYTES + blockSize;
  }

  /// Reserves and allocates the memory, aligned for direct transfers.
  LogBuffers(SharedBus bus, LogMemory memory, int groupBytes, int blockSize)
      throws MemoryLimitException {
    this.memory = memory;
    this.bytes = bytes(groupBytes, blockSize);
    memory.reserve(bytes);
    this.arena = bus.newArena();
    for (int i = 0; i < GROUPS; i++) {
      groups[i] = new GroupBuffer(arena.allocate(groupBytes, blockSize));
    }
    this.zeros = arena.allocate(SegmentSupply.ZERO_BYTES, blockSize);
    this.headerBlock = arena.allocate(blockSize, blockSize);
  }

  GroupBuffer[] groups() {
    return groups;
  }

  MemorySegment zeros() {
    return zeros;
  }

  MemorySegment headerBlock() {
    return headerBlock;
  }

  /// Nothing is filled or written any more, unless by a bus that has failed.
  @Override
  public void close() {
    memory.free(arena, bytes);
  }
}
