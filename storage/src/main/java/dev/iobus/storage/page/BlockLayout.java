package dev.iobus.storage.page;

/// Where the blocks of a file begin and end, for a [ReadAhead], which asks on its reader's thread:
/// for the block that is pinned, and for those after it, in order.
@FunctionalInterface
public interface BlockLayout {

  /// The number of pages of the block that begins at `offset`, which is where the block before it
  /// ends; 0 where no block follows.
  int pagesAt(long offset);

  /// Blocks of one size, up to the end of the file.
  ///
  /// @param pages of each block, at least 1
  /// @param endOffset where the last one ends
  static BlockLayout fixed(int pages, long endOffset) {
    if (pages < 1) {
      throw new IllegalArgumentException("blocks of " + pages + " pages, expected at least 1");
    }
    long bytes = (long) pages * PageCache.PAGE_BYTES;
    return offset -> endOffset - offset >= bytes ? pages : 0;
  }
}
