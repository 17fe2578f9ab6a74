package dev.iobus.kv.sstable;

import java.lang.foreign.MemorySegment;

/// What a planted fault calls in the place of the right thing. Stateless.
final class BlockFaults {

  private BlockFaults() {}

  /// Takes every block for whole: its checksum is always the one it carries.
  static int carriedChecksum(MemorySegment stored, long size, long fileId, long offset) {
    return BlockFormat.storedChecksum(stored);
  }
}
