package dev.iobus.storage.page;

/// Settings of a [PageCache]. Immutable.
///
/// @param ioBufferBytes size of the I/O slab, 64 KiB to 1 GiB, a multiple of 4 KiB; default 4 MiB
/// @param readers how many readers are sure of 1 MiB for blocks that find no frame, 1 to 16;
///     default 4
/// @param frameBytesMax the most bytes of frames, at least 0; default no bound but the budget
public record PageCacheOptions(int ioBufferBytes, int readers, long frameBytesMax) {

  private static final int IO_BUFFER_BYTES_MIN = 64 << 10;
  private static final int IO_BUFFER_BYTES_MAX = 1 << 30;

  private static final PageCacheOptions DEFAULTS =
      new PageCacheOptions(4 << 20, 4, Long.MAX_VALUE);

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException when a number is out of its range
  public PageCacheOptions {
    if (ioBufferBytes < IO_BUFFER_BYTES_MIN
        || ioBufferBytes > IO_BUFFER_BYTES_MAX
        || ioBufferBytes % PageCache.PAGE_BYTES != 0) {
      throw new IllegalArgumentException(
          "ioBufferBytes " + ioBufferBytes + " is no multiple of 4096 in 65536 to 1073741824");
    }
    if (readers < 1 || readers > 16) {
      throw new IllegalArgumentException("readers " + readers + " is not in 1 to 16");
    }
    if (frameBytesMax < 0) {
      throw new IllegalArgumentException("frameBytesMax " + frameBytesMax + " is negative");
    }
  }

  /// Good for most: see the default of each component.
  public static PageCacheOptions defaults() {
    return DEFAULTS;
  }

  /// These options with an I/O slab of so many bytes, a multiple of 4 KiB from 64 KiB to 1 GiB.
  public PageCacheOptions withIoBufferBytes(int ioBufferBytes) {
    return new PageCacheOptions(ioBufferBytes, readers, frameBytesMax);
  }

  /// These options with memory set aside for so many readers, 1 to 16.
  public PageCacheOptions withReaders(int readers) {
    return new PageCacheOptions(ioBufferBytes, readers, frameBytesMax);
  }

  /// These options with so many bytes of frames at most, from 0 on.
  public PageCacheOptions withFrameBytesMax(long frameBytesMax) {
    return new PageCacheOptions(ioBufferBytes, readers, frameBytesMax);
  }
}
