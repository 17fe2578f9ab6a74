package dev.iobus.kv.sstable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Where a cursor gets decoded data blocks from. Confined to one thread.
sealed interface BlockSource extends AutoCloseable permits CachedBlocks, SequentialBlocks {

  /// The content of a data block, valid until the next call or [#close].
  MemorySegment load(int block) throws IOException;

  /// Lets go of what was loaded; may be called twice.
  @Override
  void close();
}
