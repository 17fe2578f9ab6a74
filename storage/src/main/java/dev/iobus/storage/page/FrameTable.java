package dev.iobus.storage.page;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// (file id, offset) to frame: a fixed array of chains through the frames themselves. Look-ups
/// take no lock and allocate nothing; insertions and removals lock one stripe of the chains (a
/// leaf monitor). Thread-safe.
///
/// A frame may be reused while a look-up stands on it, and then lead into another chain. So a
/// look-up may miss a frame that is there, never pin a wrong one: the caller registers its load and
/// looks with [#findExactly] before it reads.
final class FrameTable {

  /// Look-ups give up after so many frames: they have strayed into another chain.
  private static final int HOPS_MAX = 64;

  private static final int STRIPES = 64;

  private final AtomicReferenceArray<@Nullable Frame> chains;
  private final int mask;
  private final Object[] stripes = new Object[STRIPES];

  /// @param chainCount a power of two, at least 64
  FrameTable(int chainCount) {
    assert Integer.bitCount(chainCount) == 1 : chainCount;
    assert chainCount >= STRIPES : chainCount;
    this.chains = new AtomicReferenceArray<>(chainCount);
    this.mask = chainCount - 1;
    for (int i = 0; i < STRIPES; i++) {
      stripes[i] = new Object();
    }
  }

  /// Heap bytes of a table of that size; small objects are not counted.
  static long heapBytes(int chainCount) {
    return 8L * chainCount;
  }

  /// The block's frame, without a pin; null when none is seen.
  @Nullable Frame find(long fileId, long offset) {
    Frame frame = chains.getAcquire(chain(fileId, offset));
    for (int hops = 0; frame != null && hops < HOPS_MAX; hops++) {
      if (frame.isOf(fileId, offset) && frame.state() == Frame.LOADED) {
        return frame;
      }
      frame = frame.next;
    }
    return null;
  }

  /// Pins the block's frame in its word, and sees every frame that was inserted before and not
  /// evicted.
  @Nullable Frame findExactly(long fileId, long offset) {
    int chain = chain(fileId, offset);
    synchronized (stripe(chain)) {
      Frame frame = chains.get(chain);
      while (frame != null) {
        if (frame.isOf(fileId, offset) && frame.tryPin(fileId, offset)) {
          return frame;
        }
        frame = frame.next;
      }
      return null;
    }
  }

  /// Publishes a LOADING frame, whose block has no LOADED frame in the table, and adds it. Nobody
  /// retires it in between: that takes the same lock.
  ///
  /// @param pins how many it has from the beginning on
  void insert(Frame frame, long fileId, long offset, int length, int pins) {
    int chain = chain(fileId, offset);
    synchronized (stripe(chain)) {
      frame.publish(fileId, offset, length, pins);
      frame.next = chains.get(chain);
      chains.setRelease(chain, frame);
    }
  }

  /// Publishes a LOADING frame, with one pin, in the place of the LOADED frame of the same block,
  /// which is retired before that and returned; null when there is none. A look-up that stands on
  /// the frame from an earlier use of it would else pin it while others still find the old one.
  @Nullable Frame replace(Frame frame, long fileId, long offset, int length) {
    int chain = chain(fileId, offset);
    synchronized (stripe(chain)) {
      Frame old = chains.get(chain);
      // With a pin, as nobody may reuse a frame that is RETIRED and linked still: by its link one
      // would come into another chain.
      while (old != null && !(old.isOf(fileId, offset) && old.tryPin(fileId, offset))) {
        old = old.next;
      }
      if (old != null) {
        retirePinned(old, chain);
        old.unpin();
      }
      frame.publish(fileId, offset, length, 1);
      frame.next = chains.get(chain);
      chains.setRelease(chain, frame);
      return old;
    }
  }

  /// Retires and unlinks a LOADED frame; by who has a pin of it.
  void retire(Frame frame) {
    int chain = chain(frame.fileId(), frame.offset());
    synchronized (stripe(chain)) {
      retirePinned(frame, chain);
    }
  }

  private void retirePinned(Frame frame, int chain) {
    if (frame.tryRetire()) {
      unlink(frame, chain);
    }
  }

  /// Unlinks a RETIRED frame.
  void remove(Frame frame) {
    int chain = chain(frame.fileId(), frame.offset());
    synchronized (stripe(chain)) {
      unlink(frame, chain);
    }
  }

  private void unlink(Frame frame, int chain) {
    Frame after = frame.next;
    Frame before = chains.get(chain);
    if (before == frame) {
      chains.setRelease(chain, after);
      return;
    }
    while (before != null) {
      Frame at = before.next;
      if (at == frame) {
        before.next = after;
        return;
      }
      before = at;
    }
    throw new AssertionError("a frame to be unlinked is not in the table");
  }

  private int chain(long fileId, long offset) {
    return (int) (hash(fileId, offset) >>> 32) & mask;
  }

  /// Offsets are multiples of a page and file ids random: one multiplication mixes them (Fibonacci
  /// hashing).
  static long hash(long fileId, long offset) {
    return (fileId ^ (offset >>> 12)) * 0x9E3779B97F4A7C15L;
  }

  private Object stripe(int chain) {
    return stripes[chain & STRIPES - 1];
  }
}
