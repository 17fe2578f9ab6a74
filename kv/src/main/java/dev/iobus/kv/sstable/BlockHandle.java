package dev.iobus.kv.sstable;

/// Where a block lies in its file. Immutable.
///
/// @param offset bytes from the file's begin, a multiple of 4096
/// @param pages how many pages of 4096 bytes it takes, 1 to 65,535
public record BlockHandle(long offset, int pages) {

  private static final int PAGES_BITS = 16;
  static final int PAGES_MAX = (1 << PAGES_BITS) - 1;

  public BlockHandle {
    if (offset < 0 || offset % BlockFormat.PAGE_BYTES != 0 || pages < 1 || pages > PAGES_MAX) {
      throw new IllegalArgumentException("no block at " + offset + " of " + pages + " pages");
    }
  }

  /// The byte after the block.
  public long end() {
    return offset + (long) pages * BlockFormat.PAGE_BYTES;
  }

  /// Both numbers in one: page number in the upper 48 bits, page count in the lower 16.
  long packed() {
    return (offset / BlockFormat.PAGE_BYTES) << PAGES_BITS | pages;
  }

  static long offset(long packed) {
    return (packed >>> PAGES_BITS) * BlockFormat.PAGE_BYTES;
  }

  static int pages(long packed) {
    return (int) packed & PAGES_MAX;
  }
}
