package dev.iobus.storage.page;

/// About how often blocks were used that may have no frame: a count-min sketch of 4-bit counters
/// (Cormode, Muthukrishnan, "An Improved Data Stream Summary", 2005), which are halved now and
/// then, so that what was hot once does not stay so. Guarded by the [FrameAllocator].
final class FrequencySketch {

  /// The most that a counter holds.
  static final int MAX = 15;

  private static final int DEPTH = 3;
  private static final long HALVES = 0x7777_7777_7777_7777L;

  /// Sixteen counters each.
  private final long[] words;

  /// @param wordCount a power of two
  FrequencySketch(int wordCount) {
    assert Integer.bitCount(wordCount) == 1 : wordCount;
    this.words = new long[wordCount];
  }

  static long heapBytes(int wordCount) {
    return 8L * wordCount;
  }

  /// How often the block was used lately, 0 to [#MAX]; seldom more than it was.
  int estimate(long hash) {
    int least = MAX;
    for (int row = 0; row < DEPTH; row++) {
      long at = spread(hash, row);
      least = Math.min(least, (int) (words[word(at)] >>> shift(at)) & MAX);
    }
    return least;
  }

  /// Makes the estimate of the block at least `count`, at most [#MAX].
  void raise(long hash, int count) {
    for (int row = 0; row < DEPTH; row++) {
      long at = spread(hash, row);
      int word = word(at);
      int shift = shift(at);
      long now = words[word] >>> shift & MAX;
      if (now < count) {
        words[word] += (count - now) << shift;
      }
    }
  }

  /// Halves all counters.
  void age() {
    for (int i = 0; i < words.length; i++) {
      words[i] = words[i] >>> 1 & HALVES;
    }
  }

  private static long spread(long hash, int row) {
    // The finalizer of MurmurHash3, with another odd factor for each row.
    long mixed = (hash ^ hash >>> 32) * (0x9E37_79B9_7F4A_7C15L + 2L * row);
    return mixed ^ mixed >>> 29;
  }

  private int word(long at) {
    return (int) (at >>> 8) & words.length - 1;
  }

  private static int shift(long at) {
    return (int) (at >>> 40 & 15) << 2;
  }
}
