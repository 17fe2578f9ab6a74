package dev.iobus.storage.page;

import java.io.IOException;
import java.util.Arrays;

/// Pins the blocks of one file for one reader, and has those read ahead that follow, while the
/// reader goes forward from block to block.
///
/// The window that is read at a time begins with 64 KiB at the second block in a row and doubles as
/// long as the reader goes on, up to a quarter of the I/O slab (1 MiB by default) and an eighth of the
/// frames that there are or can be now; less where blocks that wait for their first use take more
/// than that of the quarter that they may have. It has one block at least. The next window is asked
/// for when the reader enters the one before it. A jump stops it, so that nothing is read in vain
/// but the last two windows.
///
/// Confined to one thread. Holds nothing: there is nothing to close.
public final class ReadAhead {

  private static final long WINDOW_BYTES_MIN = 64 << 10;

  /// A window of more blocks is asked for in parts, so that no array of a reader is large: the window
  /// grows with the slab, and only arrays below 4 KiB need no place in the budget.
  private static final int PART_BLOCKS = 256;

  private final PageCache cache;
  private final BlockFile file;
  private final BlockLayout layout;

  /// Where the block begins that follows the last one that was pinned; −1 before the first.
  private long next = -1;

  /// Bytes that were asked for at the last time; 0 when nothing is being read ahead.
  private long windowBytes;

  /// Where the first block begins that was not yet asked for.
  private long frontier;

  // What is asked for in one call; longer from call to call, up to PART_BLOCKS.
  private BlockFile[] files = new BlockFile[0];
  private long[] offsets = new long[0];
  private int[] pages = new int[0];

  ReadAhead(PageCache cache, BlockFile file, BlockLayout layout) {
    this.cache = cache;
    this.file = file;
    this.layout = layout;
  }

  /// Pins the block at `offset`, as [PageCache#pin]; reads ahead when it follows the one before.
  ///
  /// @throws IllegalArgumentException when the layout has no block there
  public PinnedBlock pin(long offset) throws IOException {
    int blockPages = layout.pagesAt(offset);
    if (blockPages < 1) {
      throw new IllegalArgumentException("the layout has no block at offset " + offset);
    }
    boolean follows = offset == next;
    next = offset + IoSlab.byteOffset(blockPages);
    if (!follows) {
      windowBytes = 0;
      frontier = next;
    } else if (next + windowBytes >= frontier) {
      extend();
    }
    return cache.pin(file, offset, blockPages);
  }

  /// Asks for the next window. When all of it was in the cache, or found no room, the window stays
  /// as it is.
  private void extend() {
    frontier = Math.max(frontier, next);
    long wanted =
        Math.min(Math.max(WINDOW_BYTES_MIN, 2 * windowBytes), cache.aheadWindowMax());
    long end = frontier;
    int count = 0;
    int begun = 0;
    int blockPages = layout.pagesAt(end);
    while (blockPages > 0
        && (end == frontier || end + IoSlab.byteOffset(blockPages) <= frontier + wanted)) {
      if (count == PART_BLOCKS) {
        begun += cache.prefetch(files, offsets, pages, count);
        count = 0;
      }
      makeRoom(count + 1);
      files[count] = file;
      offsets[count] = end;
      pages[count++] = blockPages;
      end += IoSlab.byteOffset(blockPages);
      blockPages = layout.pagesAt(end);
    }
    begun += cache.prefetch(files, offsets, pages, count);
    if (begun > 0 || windowBytes == 0) {
      windowBytes = Math.max(wanted, end - frontier);
    }
    frontier = end;
  }

  private void makeRoom(int count) {
    if (count > files.length) {
      int length = Math.clamp(2L * files.length, 16, PART_BLOCKS);
      files = Arrays.copyOf(files, length);
      offsets = Arrays.copyOf(offsets, length);
      pages = Arrays.copyOf(pages, length);
    }
  }
}
