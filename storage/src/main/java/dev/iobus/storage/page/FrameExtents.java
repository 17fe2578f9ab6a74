package dev.iobus.storage.page;

import dev.iobus.storage.memory.MemoryBudget;
import org.jspecify.annotations.Nullable;

/// The memory of all frames, and how it moves between their classes, an extent at a time: from the
/// budget while that lasts; then a class that has turned over all its frames takes an extent that
/// nobody has hit from the class that has been idle for longest, and one that gains more by an
/// extent than another loses takes it from that ([ExtentDemand]). Guarded by the [FrameAllocator].
final class FrameExtents {

  /// Extents of which the coldest is given to another class.
  private static final int SAMPLE = 4;

  private final SizeClass[] classes;
  private final PinSlots slots;
  private final FrameEviction eviction;
  private final ExtentDemand demand;
  private final MemoryBudget.Account account;
  private final long bytesMax;

  private long bytes;
  private int frameCount;
  private long searches;

  /// @param account where extents are reserved, 1 MiB each
  /// @param bytesMax the most bytes of extents
  FrameExtents(
      SizeClass[] classes,
      PinSlots slots,
      FrameEviction eviction,
      ExtentDemand demand,
      MemoryBudget.Account account,
      long bytesMax) {
    this.classes = classes;
    this.slots = slots;
    this.eviction = eviction;
    this.demand = demand;
    this.account = account;
    this.bytesMax = bytesMax;
  }

  /// Bytes of all extents.
  long bytes() {
    return bytes;
  }

  /// The most bytes of extents that there can be.
  ///
  /// @param available bytes that the budget could still give
  long reachableBytes(long available) {
    return Math.min(bytesMax, bytes + available);
  }

  /// Frames of all extents.
  int frameCount() {
    return frameCount;
  }

  /// Adds an extent from the budget.
  boolean grow(int wanted) {
    if (bytes > bytesMax - FrameExtent.BYTES || !account.tryReserve(FrameExtent.BYTES)) {
      return false;
    }
    boolean added = false;
    try {
      adopt(FrameExtent.allocate(wanted));
      added = true;
    } finally {
      if (!added) {
        account.release(FrameExtent.BYTES);
      }
    }
    bytes += FrameExtent.BYTES;
    return true;
  }

  private void adopt(FrameExtent extent) {
    classes[extent.sizeClass].add(extent);
    frameCount += extent.frames.length;
  }

  /// Once per turnover of a class, looks for an extent that another class does not use.
  boolean rebalance(int wanted) {
    SizeClass sizeClass = classes[wanted];
    if (sizeClass.evictionsSinceBalance < sizeClass.frameCount) {
      return false;
    }
    sizeClass.evictionsSinceBalance = 0;
    return steal(wanted, Take.UNREFERENCED);
  }

  /// Takes an extent of the class that loses least by it, if this one gains more. What the extent
  /// holds is given up, so it is the coldest of some.
  boolean claim(int wanted) {
    int giver = demand.giver(wanted);
    FrameExtent coldest = giver == ExtentDemand.NO_CLASS ? null : coldest(classes[giver]);
    if (coldest == null || !empty(coldest)) {
      return false;
    }
    adopt(coldest.recut(wanted));
    demand.hasGained(wanted);
    return true;
  }

  /// The least used of some extents without a pin; null when none is.
  private @Nullable FrameExtent coldest(SizeClass sizeClass) {
    FrameExtent coldest = null;
    for (int i = 0; i < SAMPLE; i++) {
      FrameExtent extent = sizeClass.nextExtent();
      boolean may = mayVacate(extent, Take.ANY);
      if (may && (coldest == null || extent.uses() < coldest.uses())) {
        coldest = extent;
      }
    }
    return coldest;
  }

  /// Takes an extent without a pin of the class that has been idle for longest, whatever it loses.
  boolean stealAny(int wanted) {
    return steal(wanted, Take.ANY);
  }

  /// Recuts an extent of the class that has been idle for longest, and has one to give.
  private boolean steal(int wanted, Take take) {
    searches++;
    int idlest = idlest(wanted);
    while (idlest >= 0) {
      FrameExtent extent = vacate(classes[idlest], take);
      if (extent != null) {
        adopt(extent.recut(wanted));
        return true;
      }
      classes[idlest].passedAt = searches;
      idlest = idlest(wanted);
    }
    return false;
  }

  /// Frees extents without a pin, those first that nobody has hit, until they have `wanted` bytes.
  /// Returns how many bytes they have; 0 when all extents together have fewer.
  long giveBack(long wanted) {
    long given = 0;
    if (wanted > bytes) {
      return 0;
    }
    for (Take take : Take.values()) {
      searches++;
      int idlest = idlest(ExtentDemand.NO_CLASS);
      while (given < wanted && idlest >= 0) {
        FrameExtent extent = vacate(classes[idlest], take);
        if (extent == null) {
          classes[idlest].passedAt = searches;
        } else {
          extent.free();
          bytes -= FrameExtent.BYTES;
          account.release(FrameExtent.BYTES);
          given += FrameExtent.BYTES;
        }
        idlest = idlest(ExtentDemand.NO_CLASS);
      }
    }
    return given;
  }

  /// The class other than `wanted` with extents and the oldest use that was not yet passed over in
  /// this search; −1 when there is none.
  private int idlest(int wanted) {
    int found = -1;
    long oldest = Long.MAX_VALUE;
    for (int i = 0; i < classes.length; i++) {
      SizeClass candidate = classes[i];
      boolean has = i != wanted && !candidate.extents.isEmpty();
      if (has && candidate.passedAt != searches && candidate.lastUse < oldest) {
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
      if (mayVacate(extent, take) && empty(extent)) {
        return extent;
      }
    }
    return null;
  }

  private boolean mayVacate(FrameExtent extent, Take take) {
    if (slots.hold(extent.address(), FrameExtent.BYTES)) {
      return false;
    }
    for (Frame frame : extent.frames) {
      boolean busy = frame.state() == Frame.LOADING || frame.pins() > 0;
      boolean hit = frame.state() == Frame.LOADED && frame.uses() > 1;
      if (busy || (hit && take == Take.UNREFERENCED)) {
        return false;
      }
    }
    return true;
  }

  /// Gives up all frames of an extent and takes it out of its class; false when one was pinned
  /// meanwhile.
  private boolean empty(FrameExtent extent) {
    for (Frame frame : extent.frames) {
      eviction.evict(frame);
    }
    if (!extent.isEmpty()) {
      return false;
    }
    classes[extent.sizeClass].remove(extent);
    frameCount -= extent.frames.length;
    return true;
  }

  /// Frees all memory, when all frames are free.
  void close() {
    for (SizeClass sizeClass : classes) {
      while (!sizeClass.extents.isEmpty()) {
        FrameExtent extent = sizeClass.extents.getLast();
        sizeClass.remove(extent);
        extent.free();
      }
    }
    account.release(bytes);
    bytes = 0;
  }

  /// Which extents may be taken from another class.
  private enum Take {
    /// Those without a frame that was used more than once lately.
    UNREFERENCED,
    /// All without a pin.
    ANY
  }
}
