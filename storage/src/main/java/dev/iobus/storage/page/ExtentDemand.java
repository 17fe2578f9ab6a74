package dev.iobus.storage.page;

/// Which class of frames gains by one more extent, and which loses least by one less.
///
/// What a class gains is how many blocks that it gave up were needed again, and would still have
/// been there: one more extent keeps a block for as many evictions longer as it has frames. A scan
/// needs nothing again and gains nothing.
///
/// What it loses is the same or, if that is more, how often its least used frames were used that
/// fill an extent: a loop that is longer than the memory needs again only what was given up long
/// ago, and a class that has room for all its blocks needs nothing again, but each of their frames
/// is used.
///
/// Both are of about the time in which uses are halved. The table has one place for each block,
/// that the next one takes over: a class that gives up little beside one that gives up much forgets
/// sooner, and is found to gain less than it would. Guarded by the [FrameAllocator].
final class ExtentDemand {

  /// In place of a class: none.
  static final int NO_CLASS = -1;

  private static final int PLACES = 4096;

  /// Blocks that must have been needed again before a class looks for an extent, and between two
  /// looks: what the extent holds is given up for it.
  private static final int EVIDENCE = 32;

  // A place: part of the hash, then the class from 1 on, then the number of the eviction.
  private static final int NUMBER_BITS = 24;
  private static final int CLASS_BITS = 6;
  private static final int NUMBER_MASK = (1 << NUMBER_BITS) - 1;

  private final SizeClass[] classes;
  private final long[] places = new long[PLACES];
  private final int[] evictions = new int[FrameSizes.COUNT];
  private final int[] needed = new int[FrameSizes.COUNT];

  /// Those since the class last got an extent: what another one would gain is not known before.
  private final int[] gains = new int[FrameSizes.COUNT];

  /// Those since the class last looked for one.
  private final int[] unheard = new int[FrameSizes.COUNT];

  static {
    assert FrameSizes.COUNT < 1 << CLASS_BITS;
  }

  ExtentDemand(SizeClass[] classes) {
    this.classes = classes;
  }

  /// Heap bytes of the table.
  static long heapBytes() {
    return 8L * PLACES;
  }

  /// Notes that a class gives up a block, of which the cache has no other version.
  void givenUp(int sizeClass, long hash) {
    int number = ++evictions[sizeClass] & NUMBER_MASK;
    places[place(hash)] = mark(sizeClass, hash) | number;
  }

  /// Notes that a block is to get a frame.
  void needed(int sizeClass, long hash) {
    int place = place(hash);
    long found = places[place];
    if ((found & ~(long) NUMBER_MASK) == mark(sizeClass, hash)) {
      places[place] = 0;
      int since = evictions[sizeClass] - (int) found & NUMBER_MASK;
      if (since <= FrameExtent.BYTES / FrameSizes.capacity(sizeClass)) {
        needed[sizeClass]++;
        gains[sizeClass]++;
        unheard[sizeClass]++;
      }
    }
  }

  /// The class that should give an extent to this one, since it loses least and less than this one
  /// gains; [#NO_CLASS] when none does, or that was asked a short time ago.
  int giver(int gaining) {
    if (unheard[gaining] < EVIDENCE) {
      return NO_CLASS;
    }
    unheard[gaining] = 0;
    int giver = NO_CLASS;
    long least = gains[gaining];
    for (int i = 0; i < classes.length; i++) {
      boolean may = i != gaining && classes[i].extents.size() > 1;
      long loss = may ? loss(i) : Long.MAX_VALUE;
      if (loss < least) {
        giver = i;
        least = loss;
      }
    }
    return giver;
  }

  private long loss(int sizeClass) {
    return Math.max(needed[sizeClass], classes[sizeClass].usesOfLeastUsed());
  }

  /// Told when a class got an extent.
  void hasGained(int sizeClass) {
    gains[sizeClass] = 0;
  }

  /// Halves what was counted, together with the uses of frames.
  void age() {
    for (int i = 0; i < FrameSizes.COUNT; i++) {
      needed[i] >>= 1;
      gains[i] >>= 1;
      unheard[i] >>= 1;
    }
  }

  private static long mark(int sizeClass, long hash) {
    return hash << (NUMBER_BITS + CLASS_BITS) | (long) (sizeClass + 1) << NUMBER_BITS;
  }

  private static int place(long hash) {
    return (int) (hash >>> 45) & PLACES - 1;
  }
}
