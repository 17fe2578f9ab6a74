package dev.iobus.kv.sstable;

/// Where to cut blocks so that they fill their pages. Confined to one thread.
///
/// A block is cut where one more entry would need one more page: at the first page, while the
/// table's padding so far is at most 6 %; else where the padding of this block is at most 6 %, or
/// at the best place up to 16 pages. Four pages would do for entries up to 1 KiB; entries near
/// 4 KiB need more, because 3 of them leave a quarter of four pages empty.
///
/// With compression the stored length is guessed from the ratio of the last attempt and then
/// tried, at most three times a block.
final class PageFit {

  /// Pages of a block with more than one entry.
  static final int PAGES_MAX = 16;

  /// Decoded bytes of a block with more than one entry: frames of the page cache hold twice that.
  static final int DECODED_MAX = 128 << 10;

  /// Compressions of one block.
  static final int ATTEMPTS_MAX = 3;

  private static final double PADDING_MAX = 0.06;

  /// Accepted without another attempt while the table's padding is low.
  private static final double PADDING_LOOSE = 0.12;

  /// Above this ratio blocks are stored plain, and one in so many is tried again.
  private static final double RATIO_PLAIN = 0.97;

  private static final int PROBE_INTERVAL = 16;

  private final boolean compresses;
  private double ratio = 1;
  private int sinceProbe;
  private long storedBytes;
  private long paddingBytes;

  PageFit(Codec codec) {
    this.compresses = codec != Codec.NONE;
    this.sinceProbe = PROBE_INTERVAL;
  }

  /// Pages that so much content will take, as far as the ratio so far tells.
  int pages(long contentLength) {
    return BlockFormat.pages(stored(contentLength));
  }

  /// The expected padding of a block, as a part of its pages.
  double padding(long contentLength) {
    return padding(stored(contentLength), pages(contentLength));
  }

  static double padding(long storedLength, int pages) {
    return 1 - (double) (BlockFormat.HEADER_BYTES + storedLength)
        / ((double) pages * BlockFormat.PAGE_BYTES);
  }

  /// Whether blocks may grow beyond the first page that they fill.
  boolean isTight() {
    return paddingBytes > PADDING_MAX * storedBytes;
  }

  /// The padding that a block may have without looking for a better place.
  double paddingMax() {
    return isTight() ? PADDING_MAX : PADDING_LOOSE;
  }

  /// Whether to try to compress the next block.
  boolean shouldCompress() {
    if (!compresses) {
      return false;
    }
    if (ratio < RATIO_PLAIN || sinceProbe >= PROBE_INTERVAL) {
      sinceProbe = 0;
      return true;
    }
    sinceProbe++;
    return false;
  }

  /// Learns what content compressed to.
  void compressed(long contentLength, long storedLength) {
    ratio = Math.min(1, (double) storedLength / contentLength);
  }

  /// Learns what was written.
  void written(int pages, long storedLength) {
    long bytes = (long) pages * BlockFormat.PAGE_BYTES;
    storedBytes += bytes;
    paddingBytes += bytes - BlockFormat.HEADER_BYTES - storedLength;
  }

  /// Content that fits so many pages with a margin, when the last attempt did not.
  long contentFor(int pages, double margin) {
    return (long) (((double) pages * BlockFormat.PAGE_BYTES - BlockFormat.HEADER_BYTES)
        * (1 - margin)
        / ratio);
  }

  long storedBytes() {
    return storedBytes;
  }

  long paddingBytes() {
    return paddingBytes;
  }

  /// A little more than the ratio says: what does not fit costs an attempt, a little room does not.
  private long stored(long contentLength) {
    if (!compresses || ratio >= RATIO_PLAIN) {
      return contentLength;
    }
    return (long) (contentLength * ratio * 1.015) + 1;
  }
}
