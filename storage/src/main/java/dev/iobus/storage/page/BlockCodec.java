package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;

/// How the owner of a file that is written through the cache turns pages into stored blocks, and
/// back. Thread-safe.
public interface BlockCodec extends BlockDecoder {

  /// Encodes a page as [#verify] and [#decode] expect it, with a checksum that they check.
  ///
  /// @param frame the page's bytes, read-only
  /// @param offset where the block begins in the file
  /// @param stored native memory of the whole block, all zero
  void encode(MemorySegment frame, long offset, MemorySegment stored);
}
