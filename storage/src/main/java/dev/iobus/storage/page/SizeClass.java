package dev.iobus.storage.page;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The frames of one capacity, and which of them to give up next. Guarded by the [FrameAllocator].
///
/// A new block enters the *window*, a queue that is short unless a longer one serves better
/// ([WindowShare]). Who leaves it must have been used more often than the least used of some frames of
/// the rest, whose place it then takes; else it is given up itself. So a scan passes through the
/// window, and of a loop that does not fit a part stays. (Einziger, Friedman, Manes, "TinyLFU: A
/// Highly Efficient Cache Admission Policy", 2017; here with a clock in place of the lists, since a hit
/// must not move anything.)
///
/// Blocks that were read ahead wait in a queue of their own until they are first used.
final class SizeClass {

  /// Blocks that were read ahead and not used hold at most one frame in so many.
  static final int AHEAD_PART = 4;

  /// Frames of which the least used is the victim.
  private static final int SAMPLE = 8;

  /// How much more often than its victim a block was used that takes its place, unless nobody
  /// needed that at all; with less, blocks of a loop would drive out one another.
  private static final int MARGIN = 1;

  /// Frames by which a window that is too long gets shorter with each block that is given up.
  private static final int SHORTER = 4;

  /// Frames that tell what an extent is worth.
  private static final int LOSS_SAMPLE = 128;

  private final HeldFrames held;
  private final WindowShare share;

  final List<FrameExtent> extents = new ArrayList<>();
  final FrameQueue free = new FrameQueue();
  int frameCount;

  /// Number of the allocation that used the class last; 0 for never.
  long lastUse;

  /// Number of the search for an extent that last found nothing to take here.
  long passedAt;

  long evictionsSinceBalance;

  private int extentAt;
  private int frameAt;
  private final FrameQueue window = new FrameQueue();
  private final FrameQueue ahead = new FrameQueue();

  private final Hand victims = new Hand();

  /// How many frames of the sample of [#usesOfLeastUsed] were used how often.
  private final int[] framesOfUses = new int[FrequencySketch.MAX + 1];

  SizeClass(HeldFrames held, WindowShare share) {
    this.held = held;
    this.share = share;
  }

  void add(FrameExtent extent) {
    extents.add(extent);
    share.add(extent);
    frameCount += extent.frames.length;
    for (Frame frame : extent.frames) {
      free.add(frame);
    }
  }

  /// Takes out an extent whose frames are all free.
  void remove(FrameExtent extent) {
    assert extent.isEmpty() : "an extent is taken with frames in use";
    extents.remove(extent);
    share.remove(extent);
    frameCount -= extent.frames.length;
    victims.restart();
    for (Frame frame : extent.frames) {
      free.remove(frame);
    }
  }

  /// About how often the blocks were used lately that the class would lose with an extent: the
  /// least used ones of those that have left the queues, whose length follows the number of frames.
  long usesOfLeastUsed() {
    Arrays.fill(framesOfUses, 0);
    int seen = 0;
    for (int i = Math.min(frameCount, LOSS_SAMPLE); i > 0; i--) {
      Frame frame = nextOfNextExtent();
      if (frame.queue == null || frame.queue == free) {
        framesOfUses[frame.state() == Frame.LOADED ? frame.uses() : 0]++;
        seen++;
      }
    }
    int lost = (seen + extents.size() - 1) / extents.size();
    int sum = 0;
    int left = lost;
    for (int uses = 0; uses < FrequencySketch.MAX; uses++) {
      int count = Math.min(left, framesOfUses[uses]);
      sum += count * uses;
      left -= count;
    }
    if (left > 0) {
      return Long.MAX_VALUE; // Nobody knows how much more often than they could be counted.
    }
    return lost == 0 ? 0 : (long) sum * (frameCount / extents.size()) / lost;
  }

  private Frame nextOfNextExtent() {
    Frame[] frames = nextExtent().frames;
    frameAt = (frameAt + 1) % frames.length;
    return frames[frameAt];
  }

  /// The extents in turn; there is one.
  FrameExtent nextExtent() {
    extentAt = (extentAt + 1) % extents.size();
    return extents.get(extentAt);
  }

  /// Takes a free frame for a new block.
  ///
  /// @param isAhead whether nobody waits for it yet
  @Nullable Frame take(boolean isAhead) {
    Frame frame = free.last();
    if (frame != null) {
      free.remove(frame);
      (isAhead ? ahead : window).add(frame);
    }
    return frame;
  }

  /// Takes back a frame that is free.
  void giveBack(Frame frame) {
    leaveQueue(frame);
    free.add(frame);
  }

  private static void leaveQueue(Frame frame) {
    FrameQueue queue = frame.queue;
    if (queue != null) {
      queue.remove(frame);
    }
  }

  /// While frames are free, who leaves the window stays.
  void settle() {
    while (window.size() > windowMax()) {
      leaveWindow();
    }
  }

  /// Frames of blocks that were read ahead and wait for their use, but for some that were used out
  /// of order.
  int aheadCount() {
    admitUsed();
    return ahead.size();
  }

  private int windowMax() {
    return share.of(frameCount);
  }

  private int aheadMax() {
    return Math.max(1, frameCount / AHEAD_PART);
  }

  /// The same while the rest is smaller than it is meant to be, as after all frames were filled
  /// ahead: else the window would be all there is, and have nothing to be compared with.
  private void fillRest() {
    int inRest = frameCount - free.size() - window.size() - ahead.size();
    int missing = frameCount - windowMax() - aheadMax() - inRest;
    while (missing > 0 && window.size() > windowMax()) {
      leaveWindow();
      missing--;
    }
  }

  private @Nullable Frame leaveWindow() {
    Frame frame = window.first();
    if (frame != null) {
      window.remove(frame);
    }
    return frame;
  }

  /// The frame to give up for another block; null when each is pinned or being filled.
  @Nullable Frame victim() {
    held.look();
    admitUsed();
    fillRest();
    Frame unused = ahead.first();
    if (unused != null && ahead.size() > aheadMax()) {
      leaveQueue(unused);
      if (isIdle(unused)) {
        return unused;
      }
    }
    for (int i = 0; i < SHORTER && window.size() > windowMax(); i++) {
      leaveWindow();
    }
    while (window.size() >= windowMax()) {
      Frame leaving = leaveWindow();
      if (leaving == null) {
        break;
      }
      if (isIdle(leaving)) {
        return lesser(leaving, leastUsed(leaving));
      }
    }
    Frame least = leastUsed(null);
    return least != null ? least : firstIdle();
  }

  /// Which of two is given up: a block that has left the window, or the least used of the rest.
  private Frame lesser(Frame leaving, @Nullable Frame least) {
    share.left();
    if (least == null) {
      return leaving;
    }
    if (isWorthMore(leaving, least)) {
      return least;
    }
    share.begin(FrameTable.hash(leaving.fileId(), leaving.offset()), least);
    return leaving;
  }

  private static boolean isWorthMore(Frame leaving, Frame least) {
    int uses = least.uses();
    return leaving.uses() > (uses > 0 ? uses + MARGIN : 0);
  }

  /// Blocks that were read ahead and used since wait in the window like others.
  private void admitUsed() {
    Frame frame = ahead.first();
    while (frame != null && frame.isUsed()) {
      ahead.remove(frame);
      window.add(frame);
      frame = ahead.first();
    }
  }

  /// The least used of the next frames that are idle and in no queue; null when there is none.
  private @Nullable Frame leastUsed(@Nullable Frame but) {
    Frame least = null;
    int found = 0;
    for (int steps = frameCount; steps > 0 && found < SAMPLE; steps--) {
      Frame frame = victims.next(extents);
      if (frame == but || frame.queue != null || !isIdle(frame)) {
        continue;
      }
      found++;
      if (least == null || frame.uses() < least.uses()) {
        least = frame;
      }
    }
    return least;
  }

  private boolean isIdle(Frame frame) {
    return frame.isIdle() && !held.has(frame);
  }

  /// Where only the queues have idle frames.
  private @Nullable Frame firstIdle() {
    for (FrameQueue queue : new FrameQueue[] {ahead, window}) {
      for (Frame frame = queue.first(); frame != null; frame = frame.queuedAfter) {
        if (isIdle(frame)) {
          return frame;
        }
      }
    }
    return null;
  }

  /// Halves the uses of all frames.
  void age() {
    for (FrameExtent extent : extents) {
      for (Frame frame : extent.frames) {
        frame.age();
      }
    }
  }

  /// A place in the ring of all frames.
  private static final class Hand {
    private int extent;
    private int frame;

    void restart() {
      extent = 0;
      frame = 0;
    }

    /// Moves on by one frame of at least one extent, and returns it.
    Frame next(List<FrameExtent> extents) {
      if (extent >= extents.size()) {
        restart();
      }
      if (frame >= extents.get(extent).frames.length) {
        extent = (extent + 1) % extents.size();
        frame = 0;
      }
      return extents.get(extent).frames[frame++];
    }
  }
}
