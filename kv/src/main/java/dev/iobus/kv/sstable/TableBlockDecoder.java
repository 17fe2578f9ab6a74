package dev.iobus.kv.sstable;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.page.BlockDecoder;
import java.lang.foreign.MemorySegment;

/// Turns stored data blocks of one table into frames. Immutable, so thread-safe.
///
/// @param path the table's path, for messages
/// @param fileId the table's file id, which seeds its checksums
record TableBlockDecoder(String path, long fileId) implements BlockDecoder {

  @Override
  public int verify(MemorySegment stored, long offset) throws CorruptionException {
    return BlockFormat.verify(stored, BlockKind.DATA, path, fileId, offset);
  }

  @Override
  public void decode(MemorySegment stored, long offset, MemorySegment frame)
      throws CorruptionException {
    BlockFormat.decode(stored, frame, path, offset);
    check(frame, offset);
  }

  /// Checks the structure of a block's content, and returns it.
  MemorySegment check(MemorySegment content, long offset) throws CorruptionException {
    new BlockReader().open(content, path, offset);
    return content;
  }
}
