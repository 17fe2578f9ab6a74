package dev.iobus.storage.page;

import dev.iobus.storage.file.CorruptionException;
import java.lang.foreign.MemorySegment;

/// How the owner of a file turns a stored block into a frame. Given to the cache, so that storage
/// knows no table format. Thread-safe.
public interface BlockDecoder {

  /// Verifies the block and tells how many bytes it decodes to.
  ///
  /// @param stored the whole stored block, as read: `pages` × 4 KiB
  /// @param offset where it begins in the file
  /// @return bytes that [#decode] will write, at least 0; the cache checks the bound
  /// @throws CorruptionException when checksum, lengths or kind are wrong
  int verify(MemorySegment stored, long offset) throws CorruptionException;

  /// Decodes a block that was verified.
  ///
  /// @param frame native memory of exactly the length that [#verify] returned
  /// @throws CorruptionException when the content does not decode to exactly that length
  void decode(MemorySegment stored, long offset, MemorySegment frame) throws CorruptionException;
}
