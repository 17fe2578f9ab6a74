package dev.iobus.kv.sstable;

import java.lang.foreign.MemorySegment;

/// Where a search in a block ended: the newest visible version of the key. Reusable, so that a
/// search allocates nothing. Confined to one thread.
public final class BlockHit {

  final BlockReader reader = new BlockReader();

  private long tag;
  private long valueOffset;
  private int valueLength;

  /// Sequence and kind of the version.
  public long tag() {
    return tag;
  }

  /// Where the value begins in the block, in bytes.
  public long valueOffset() {
    return valueOffset;
  }

  /// Bytes of the value.
  public int valueLength() {
    return valueLength;
  }

  /// The value in the block that was searched.
  public MemorySegment value(MemorySegment block) {
    return block.asSlice(valueOffset, valueLength);
  }

  void set(long newTag, long newValueOffset, int newValueLength) {
    tag = newTag;
    valueOffset = newValueOffset;
    valueLength = newValueLength;
  }
}
