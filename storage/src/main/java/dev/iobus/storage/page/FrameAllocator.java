package dev.iobus.storage.page;

import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where frames come from: free ones, new extents while the budget lasts, then the frames that
/// were least worth keeping (CLOCK, one hand per class). Never waits.
///
/// Memory moves between classes an extent at a time: a class that has turned over all its frames
/// takes an extent that nobody has hit from the class that has been idle for longest. All state is
/// guarded by this object's monitor, a leaf but for the table's stripes inside it. Thread-safe.
final class FrameAllocator {

  private final FrameTable table;
  private final MemoryBudget.Account account;
  private final long bytesMax;
  private final Arena arena = Arena.ofShared();

  // Guarded by this.
  private final SizeClass[] classes = new SizeClass[FrameSizes.COUNT];
  private long extentBytes;
  private long allocations;
  private long steals;
  private long evictions;

  /// @param account where extents are reserved, 1 MiB each
  /// @param bytesMax the most bytes of extents
  FrameAllocator(FrameTable table, MemoryBudget.Account account, long bytesMax) {
    this.table = table;
    this.account = account;
    this.bytesMax = bytesMax;
    Arrays.setAll(classes, i -> new SizeClass());
  }

  /// A LOADING frame for `length` bytes, or null when none can be had: all pinned, or no budget
  /// for a first extent.
  synchronized @Nullable Frame allocate(int length) {
    int wanted = FrameSizes.classOf(length);
    SizeClass sizeClass = classes[wanted];
    sizeClass.lastUse = ++allocations;
    Frame frame = sizeClass.free.pollLast();
    if (frame == null && (grow(wanted) || rebalance(wanted) || evictOne(sizeClass)
        || steal(wanted, Take.ANY))) {
      frame = sizeClass.free.pollLast();
    }
    if (frame == null) {
      return null;
    }
    frame.extent.freeCount--;
    frame.beginLoad();
    return frame;
  }

  /// Takes back a frame whose load failed.
  synchronized void giveBack(Frame frame) {
    release(frame);
  }

  /// Takes back a RETIRED frame if it has no pin; else the clock meets it later.
  synchronized void discard(Frame frame) {
    if (frame.tryReclaim()) {
      release(frame);
    }
  }

  /// Drops the frames of one file; those that are pinned can be read until they are given back,
  /// and the clock meets them later.
  synchronized void evictFile(long fileId) {
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        for (Frame frame : extent.frames) {
          // Only a LOADED frame leaves that state, and its file id is stable once evicted by us.
          if (frame.fileId() == fileId && !evict(frame) && frame.tryPin(fileId, frame.offset())) {
            table.retire(frame);
            frame.unpin();
            discard(frame);
          }
        }
      }
    }
  }

  /// Evicts every frame that is not pinned and returns how many are.
  synchronized int evictAll() {
    int pinned = 0;
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        for (Frame frame : extent.frames) {
          evict(frame);
          if (frame.state() != Frame.FREE) {
            pinned++;
          }
        }
      }
    }
    return pinned;
  }

  /// Frees the memory, after [#evictAll] returned 0 and when no load runs.
  synchronized void close() {
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        assert extent.isEmpty() : "an extent is freed with frames in use";
      }
      sizeClass.extents.clear();
      sizeClass.free.clear();
    }
    arena.close();
    account.release(extentBytes);
    extentBytes = 0;
  }

  synchronized long extentBytes() {
    return extentBytes;
  }

  synchronized long evictions() {
    return evictions;
  }

  /// Capacity of the frames that hold blocks, and the bytes of those blocks, as a pair.
  synchronized long[] loadedAndDecodedBytes() {
    long loaded = 0;
    long decoded = 0;
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        for (Frame frame : extent.frames) {
          if (frame.state() == Frame.LOADED || frame.state() == Frame.RETIRED) {
            loaded += frame.capacity();
            decoded += frame.bytes().byteSize();
          }
        }
      }
    }
    return new long[] {loaded, decoded};
  }

  /// Adds an extent from the budget.
  private boolean grow(int wanted) {
    if (extentBytes > bytesMax - FrameExtent.BYTES || !account.tryReserve(FrameExtent.BYTES)) {
      return false;
    }
    boolean added = false;
    try {
      adopt(new FrameExtent(arena.allocate(FrameExtent.BYTES, 4096), wanted));
      added = true;
    } finally {
      if (!added) {
        account.release(FrameExtent.BYTES);
      }
    }
    extentBytes += FrameExtent.BYTES;
    return true;
  }

  private void adopt(FrameExtent extent) {
    SizeClass sizeClass = classes[extent.sizeClass];
    sizeClass.extents.add(extent);
    sizeClass.frameCount += extent.frames.length;
    for (Frame frame : extent.frames) {
      sizeClass.free.addLast(frame);
    }
  }

  /// Once per turnover of a class, looks for an extent that another class does not use.
  private boolean rebalance(int wanted) {
    SizeClass sizeClass = classes[wanted];
    if (sizeClass.evictionsSinceBalance < sizeClass.frameCount) {
      return false;
    }
    sizeClass.evictionsSinceBalance = 0;
    return steal(wanted, Take.UNREFERENCED);
  }

  /// Recuts an extent of the class that has been idle for longest, and has one to give.
  private boolean steal(int wanted, Take take) {
    steals++;
    int idlest = idlest(wanted);
    while (idlest >= 0) {
      FrameExtent extent = vacate(classes[idlest], take);
      if (extent != null) {
        adopt(extent.recut(wanted));
        return true;
      }
      classes[idlest].passedAt = steals;
      idlest = idlest(wanted);
    }
    return false;
  }

  /// The class other than `wanted` with extents and the oldest use that was not yet passed over in
  /// this search; −1 when there is none.
  private int idlest(int wanted) {
    int found = -1;
    long oldest = Long.MAX_VALUE;
    for (int i = 0; i < classes.length; i++) {
      SizeClass candidate = classes[i];
      boolean has = i != wanted && !candidate.extents.isEmpty();
      if (has && candidate.passedAt != steals && candidate.lastUse < oldest) {
        oldest = candidate.lastUse;
        found = i;
      }
    }
    return found;
  }

  /// Empties one extent of a class and takes it out; null when each has a frame that is pinned,
  /// loading or, as `take` says, was hit.
  private @Nullable FrameExtent vacate(SizeClass sizeClass, Take take) {
    for (FrameExtent extent : sizeClass.extents) {
      if (!mayVacate(extent, take)) {
        continue;
      }
      for (Frame frame : extent.frames) {
        evict(frame);
      }
      if (extent.isEmpty()) {
        sizeClass.extents.remove(extent);
        sizeClass.frameCount -= extent.frames.length;
        sizeClass.hand = 0;
        sizeClass.free.removeIf(frame -> frame.extent == extent);
        return extent;
      }
    }
    return null;
  }

  private static boolean mayVacate(FrameExtent extent, Take take) {
    boolean may = true;
    for (Frame frame : extent.frames) {
      boolean hit = frame.takeReferenced();
      boolean busy = frame.state() == Frame.LOADING || frame.pins() > 0;
      may &= !busy && !(hit && take == Take.UNREFERENCED);
    }
    return may;
  }

  /// Moves the class's hand to the first frame that is neither pinned nor was hit since the hand
  /// last passed, and evicts it; at most two rounds, the second meets all marks cleared.
  private boolean evictOne(SizeClass sizeClass) {
    for (long steps = 2L * sizeClass.frameCount; steps > 0; steps--) {
      Frame frame = sizeClass.nextFrame();
      if (frame.pins() == 0 && !frame.takeReferenced() && evict(frame)) {
        sizeClass.evictionsSinceBalance++;
        return true;
      }
    }
    return false;
  }

  private boolean evict(Frame frame) {
    if (frame.tryReclaim()) {
      release(frame);
      return true;
    }
    if (!frame.tryEvict()) {
      return false;
    }
    table.remove(frame);
    release(frame);
    evictions++;
    return true;
  }

  private void release(Frame frame) {
    frame.free();
    frame.extent.freeCount++;
    classes[frame.extent.sizeClass].free.addLast(frame);
  }

  /// Which extents may be taken from another class.
  private enum Take {
    /// Those without a frame that was hit since the last look.
    UNREFERENCED,
    /// All without a pin.
    ANY
  }

  /// The extents and free frames of one capacity.
  private static final class SizeClass {
    final List<FrameExtent> extents = new ArrayList<>();
    final ArrayDeque<Frame> free = new ArrayDeque<>();
    int frameCount;

    /// Number of the allocation that used the class last; 0 for never.
    long lastUse;

    /// Number of the search for an extent that last found nothing to take here.
    long passedAt;

    long evictionsSinceBalance;

    /// Where the clock's hand stands: extent, and frame in it.
    int hand;
    int handFrame;

    Frame nextFrame() {
      if (hand >= extents.size()) {
        hand = 0;
        handFrame = 0;
      }
      FrameExtent extent = extents.get(hand);
      if (handFrame >= extent.frames.length) {
        hand = (hand + 1) % extents.size();
        handFrame = 0;
        extent = extents.get(hand);
      }
      return extent.frames[handFrame++];
    }
  }
}
