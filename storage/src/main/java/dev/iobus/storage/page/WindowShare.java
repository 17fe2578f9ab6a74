package dev.iobus.storage.page;

import org.jspecify.annotations.Nullable;

/// Which part of its frames each [SizeClass] has in its window: a short one keeps what is used often,
/// a long one what was used lately. Which of them serves is found in *duels*, at no cost for a hit.
///
/// A block that leaves the window and is given up, since a frame of the rest was used more often, is
/// watched together with that frame for as long as a longer window would have kept the block. The
/// window wins if the block is needed again and the frame was not used meanwhile: a longer one would
/// have had a hit more. It loses if it is the other way round; all else is a draw. Where it wins more
/// than it loses it grows, else it shrinks, and in between it stays.
///
/// In a loop both are used again, or none; beside a scan the frames are; where other blocks get hot
/// than before, or are used in bursts, the blocks are. (Megiddo, Modha, "ARC: A Self-Tuning, Low
/// Overhead Replacement Cache", 2003, learns from what is needed after it was given up, too, but does
/// not ask what was used instead.)
///
/// Guarded by the [FrameAllocator].
final class WindowShare {

  private static final double LEAST = 0.01;
  private static final double MOST = 0.65;

  /// The window grows by this factor, and shrinks by it.
  private static final double STEP = 1.5;

  /// Duels that were won or lost between two looks.
  private static final int DECIDED = 48;

  /// How many of those must be won for a longer window, and for one that does not get shorter.
  private static final int WON_TO_GROW = DECIDED * 11 / 20;

  private static final int WON_TO_STAY = DECIDED * 9 / 20;

  /// The longer window that duels are about has one frame in so many more.
  private static final int LONGER_PART = 8;

  /// Duels that run at a time, at most.
  private static final int PLACES = 128;

  /// Duels that are looked at with each block that leaves a window.
  private static final int LOOKS = 4;

  private double share = LEAST;
  private int won;
  private int lost;

  /// Frames of all classes.
  private int frames;

  /// Blocks that have left a window.
  private long time;

  private int lookedAt;

  // A duel has the place that the hash of its block tells.
  private final @Nullable Frame[] kept = new @Nullable Frame[PLACES];
  private final long[] hashes = new long[PLACES];
  private final long[] ends = new long[PLACES];

  /// Of the frames that were kept, as they were when the duel began; uses are halved as theirs.
  private final int[] generations = new int[PLACES];

  private final byte[] uses = new byte[PLACES];
  private final boolean[] neededAgain = new boolean[PLACES];

  /// Heap bytes of what is known of duels.
  static long heapBytes() {
    return (3 * 8 + 4 + 1 + 1) * PLACES;
  }

  /// How many of so many frames are in the window, at least 1.
  int of(int frameCount) {
    return Math.max(1, (int) (share * frameCount));
  }

  void add(FrameExtent extent) {
    frames += extent.frames.length;
  }

  /// Forgets an extent, and the duels that frames of it have.
  void remove(FrameExtent extent) {
    frames -= extent.frames.length;
    for (int place = 0; place < PLACES; place++) {
      Frame frame = kept[place];
      if (frame != null && frame.extent == extent) {
        kept[place] = null;
      }
    }
  }

  /// Told when a block has left a window because of its length.
  void left() {
    time++;
    for (int i = 0; i < LOOKS; i++) {
      lookedAt = (lookedAt + 1) % PLACES;
      endIfDue(lookedAt);
    }
  }

  /// Begins a duel, if there is room.
  ///
  /// @param hash of a block that has left a window and is given up
  /// @param frame what is kept in its place
  void begin(long hash, Frame frame) {
    int place = place(hash);
    if (kept[place] == null) {
      kept[place] = frame;
      hashes[place] = hash;
      ends[place] = time + frames / LONGER_PART;
      generations[place] = frame.generation();
      uses[place] = (byte) frame.uses();
      neededAgain[place] = false;
    }
  }

  /// Told when somebody waits for a block that had no frame.
  void needed(long hash) {
    int place = place(hash);
    if (hashes[place] == hash) {
      neededAgain[place] = true;
    }
  }

  private void endIfDue(int place) {
    Frame frame = kept[place];
    if (frame == null || time < ends[place]) {
      return;
    }
    kept[place] = null;
    boolean isUsed = isUsed(frame, place);
    if (isUsed == neededAgain[place]) {
      return;
    }
    if (isUsed) {
      lost++;
    } else {
      won++;
    }
    if (won + lost == DECIDED) {
      adapt();
    }
  }

  /// Whether the frame still has its block, and that was used since the duel began.
  private boolean isUsed(Frame frame, int place) {
    int now = frame.uses();
    return frame.generation() == generations[place]
        && (now > uses[place] || now == FrequencySketch.MAX);
  }

  private void adapt() {
    if (won >= WON_TO_GROW) {
      share = Math.min(MOST, share * STEP);
    } else if (won < WON_TO_STAY) {
      share = Math.max(LEAST, share / STEP);
    }
    won = 0;
    lost = 0;
  }

  /// Told when the uses of all frames are halved.
  void age() {
    for (int place = 0; place < PLACES; place++) {
      uses[place] >>= 1;
    }
  }

  private static int place(long hash) {
    return (int) (hash >>> 40) & PLACES - 1;
  }
}
