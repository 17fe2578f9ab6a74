package dev.iobus.storage.wal;

import java.lang.foreign.MemorySegment;

/// Memory for one group, used again and again. It knows how much of it is not zero, so that the
/// end of a block is cleared only where something lies: a group of one short record would spend as
/// long on the zeros of its block as on the record.
///
/// Owned by its group.
final class GroupBuffer {

  private final MemorySegment memory;

  /// Everything behind it is zero.
  private long dirtyBytes;

  /// What was written last, for a group of the same length.
  private MemorySegment written;

  /// @param memory of zeros
  GroupBuffer(MemorySegment memory) {
    this.memory = memory;
    written = memory;
  }

  MemorySegment memory() {
    return memory;
  }

  /// Something may lie below `end`, beside what [#padded] is told of.
  void soiled(long end) {
    dirtyBytes = Math.max(dirtyBytes, end);
  }

  /// The first `length` bytes, of which those from `used` on are zero.
  ///
  /// @param used bytes that frames have taken
  MemorySegment padded(long used, long length) {
    if (used < dirtyBytes) {
      memory.asSlice(used, dirtyBytes - used).fill((byte) 0);
    }
    dirtyBytes = used;
    if (written.byteSize() != length) {
      written = memory.asSlice(0, length);
    }
    return written;
  }
}
