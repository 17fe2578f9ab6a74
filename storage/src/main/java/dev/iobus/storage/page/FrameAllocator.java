package dev.iobus.storage.page;

import dev.iobus.storage.memory.MemoryBudget;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Where frames come from: free ones, new extents while the budget lasts, then the frames that
/// are least worth keeping, as their [SizeClass] finds. Never waits.
///
/// How often a block was used is counted in its frame while it has one, else in a sketch; both are
/// halved as time goes by, which is told by accesses.
///
/// Memory moves between classes an extent at a time: a class that has turned over all its frames
/// takes an extent that nobody has hit from the class that has been idle for longest. All state is
/// guarded by this object's monitor, a leaf but for the table's stripes inside it. Thread-safe.
final class FrameAllocator implements MemoryBudget.Lender {

  /// Uses are halved once in so many accesses for each frame.
  private static final long AGING_ACCESSES = 12;

  /// The clock of accesses is looked at once in so many allocations.
  private static final int AGING_ALLOCATIONS = 16;

  private static final int NO_CLASS = -1;

  private final FrameTable table;
  private final PinSlots slots;
  private final FrequencySketch sketch;
  private final LongSupplier accesses;
  private final MemoryBudget.Account account;
  private final long bytesMax;

  // Guarded by this.
  private final SizeClass[] classes = new SizeClass[FrameSizes.COUNT];
  private long extentBytes;
  private int frameCount;
  private long allocations;
  private long agedAt;
  private long steals;
  private long evictions;

  /// @param slots where pins are that the frames' words do not have
  /// @param sketch how often blocks without a frame were used
  /// @param accesses pins so far, of blocks with and without a frame
  /// @param account where extents are reserved, 1 MiB each
  /// @param bytesMax the most bytes of extents
  FrameAllocator(
      FrameTable table,
      PinSlots slots,
      FrequencySketch sketch,
      LongSupplier accesses,
      MemoryBudget.Account account,
      long bytesMax) {
    this.table = table;
    this.slots = slots;
    this.sketch = sketch;
    this.accesses = accesses;
    this.account = account;
    this.bytesMax = bytesMax;
    HeldFrames held = new HeldFrames(slots);
    Arrays.setAll(classes, i -> new SizeClass(held));
  }

  /// A LOADING frame for `length` bytes, or null when none can be had: all pinned, or no budget
  /// for a first extent.
  ///
  /// @param fileId of the block that it is for
  /// @param offset of that block
  /// @param isAhead whether nobody waits for the block yet
  synchronized @Nullable Frame allocate(int length, long fileId, long offset, boolean isAhead) {
    int wanted = FrameSizes.classOf(length);
    SizeClass sizeClass = classes[wanted];
    sizeClass.lastUse = ++allocations;
    if (allocations % AGING_ALLOCATIONS == 0) {
      age();
    }
    Frame frame = sizeClass.take(isAhead);
    if (frame == null && (grow(wanted) || rebalance(wanted) || evictOne(sizeClass)
        || steal(wanted, Take.ANY))) {
      frame = sizeClass.take(isAhead);
    }
    if (frame == null) {
      return null;
    }
    if (!sizeClass.free.isEmpty()) {
      sizeClass.settle();
    }
    frame.extent.freeCount--;
    long hash = FrameTable.hash(fileId, offset);
    int uses = Math.min(FrequencySketch.MAX, sketch.estimate(hash) + 1);
    sketch.raise(hash, uses);
    frame.beginLoad(uses, isAhead);
    return frame;
  }

  /// Halves all uses when it is time: those of frames and of the sketch together, so that they can
  /// be compared at every moment.
  private void age() {
    long now = accesses.getAsLong();
    if (now - agedAt < AGING_ACCESSES * frameCount) {
      return;
    }
    agedAt = now;
    for (SizeClass sizeClass : classes) {
      sizeClass.age();
    }
    sketch.age();
  }

  /// Takes back a frame whose load failed.
  synchronized void giveBack(Frame frame) {
    release(frame);
  }

  /// Takes back a RETIRED frame if it has no pin; else the clock meets it later.
  synchronized void discard(Frame frame) {
    if (frame.tryReclaim(slots)) {
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

  /// Frees extents without a pin, those first that nobody has hit, until they have `bytes`. Returns
  /// how many bytes they have; 0 when all extents together have fewer.
  @Override
  public synchronized long giveBack(long bytes) {
    long given = 0;
    if (bytes > extentBytes) {
      return 0;
    }
    for (Take take : Take.values()) {
      steals++;
      int idlest = idlest(NO_CLASS);
      while (given < bytes && idlest >= 0) {
        FrameExtent extent = vacate(classes[idlest], take);
        if (extent == null) {
          classes[idlest].passedAt = steals;
        } else {
          extent.free();
          extentBytes -= FrameExtent.BYTES;
          account.release(FrameExtent.BYTES);
          given += FrameExtent.BYTES;
        }
        idlest = idlest(NO_CLASS);
      }
    }
    return given;
  }

  /// Frees the memory, after [#evictAll] returned 0 and when no load runs.
  synchronized void close() {
    for (SizeClass sizeClass : classes) {
      for (FrameExtent extent : sizeClass.extents) {
        extent.free();
      }
      sizeClass.extents.clear();
      sizeClass.free.clear();
      sizeClass.frameCount = 0;
    }
    account.release(extentBytes);
    extentBytes = 0;
  }

  synchronized long extentBytes() {
    return extentBytes;
  }

  @Override
  public long lendable() {
    return extentBytes();
  }

  /// Bytes that a reader may have read ahead at a time, of which two must stay until they are used:
  /// else what is read drives out what was read for just as well, and is needed sooner.
  ///
  /// @param available bytes that the budget could still give
  synchronized long aheadWindowMax(long available) {
    long reachable = Math.min(bytesMax, extentBytes + available);
    long unused = 0;
    for (int i = 0; i < classes.length; i++) {
      unused += (long) classes[i].aheadCount() * FrameSizes.capacity(i);
    }
    long room = reachable / SizeClass.AHEAD_PART;
    return Math.min(room / 2, Math.max(0, room - unused));
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
      adopt(FrameExtent.allocate(wanted));
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
    classes[extent.sizeClass].add(extent);
    frameCount += extent.frames.length;
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
        sizeClass.remove(extent);
        frameCount -= extent.frames.length;
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

  private boolean evictOne(SizeClass sizeClass) {
    Frame frame = sizeClass.victim();
    // A frame may be pinned between the choice and the eviction: then the next one is chosen.
    for (int i = sizeClass.frameCount; i > 0 && frame != null; i--) {
      if (evict(frame)) {
        sizeClass.evictionsSinceBalance++;
        return true;
      }
      frame = sizeClass.victim();
    }
    return false;
  }

  /// Gives a frame up; false when it is pinned. If that is seen late, its block is lost to the table
  /// all the same, and the clock meets the frame later.
  private boolean evict(Frame frame) {
    if (frame.tryRetireIdle()) {
      table.remove(frame);
      sketch.raise(FrameTable.hash(frame.fileId(), frame.offset()), frame.uses());
      frame.dropUses();
      evictions++;
    }
    if (!frame.tryReclaim(slots)) {
      return false;
    }
    release(frame);
    return true;
  }

  private void release(Frame frame) {
    frame.free();
    frame.extent.freeCount++;
    classes[frame.extent.sizeClass].giveBack(frame);
  }

  /// Which extents may be taken from another class.
  private enum Take {
    /// Those without a frame that was used more than once lately.
    UNREFERENCED,
    /// All without a pin.
    ANY
  }
}
