package dev.iobus.storage.page;

import dev.iobus.storage.memory.MemoryBudget;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Where frames come from: free ones, new extents while the budget lasts, then an extent of a class
/// that needs it less ([FrameExtents]), or the frame that is least worth keeping, as its
/// [SizeClass] finds. Never waits.
///
/// How often a block was used is counted in its frame while it has one, else in a sketch; both are
/// halved as time goes by, which is told by accesses.
///
/// All state, also that of the classes named here, is guarded by this object's monitor, a leaf but
/// for the table's stripes inside it. Thread-safe.
final class FrameAllocator implements MemoryBudget.Lender {

  /// Uses are halved once in so many accesses for each frame.
  private static final long AGING_ACCESSES = 15;

  /// The clock of accesses is looked at once in so many allocations.
  private static final int AGING_ALLOCATIONS = 16;

  private final FrequencySketch sketch;
  private final LongSupplier accesses;

  // Guarded by this.
  private final SizeClass[] classes = new SizeClass[FrameSizes.COUNT];
  private final WindowShare windowShare = new WindowShare();
  private final ExtentDemand demand = new ExtentDemand(classes);
  private final FrameEviction eviction;
  private final FrameExtents extents;
  private long allocations;
  private long agedAt;

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
    this.sketch = sketch;
    this.accesses = accesses;
    HeldFrames held = new HeldFrames(slots);
    Arrays.setAll(classes, i -> new SizeClass(held, windowShare));
    this.eviction = new FrameEviction(table, slots, sketch, classes);
    this.extents = new FrameExtents(classes, slots, eviction, demand, account, bytesMax);
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
    long hash = FrameTable.hash(fileId, offset);
    if (!isAhead) {
      windowShare.needed(hash);
      demand.needed(wanted, hash);
    }
    Frame frame = sizeClass.take(isAhead);
    if (frame == null && makeRoom(wanted)) {
      frame = sizeClass.take(isAhead);
    }
    if (frame == null) {
      return null;
    }
    if (!sizeClass.free.isEmpty()) {
      sizeClass.settle();
    }
    frame.extent.freeCount--;
    int uses = Math.min(FrequencySketch.MAX, sketch.estimate(hash) + 1);
    sketch.raise(hash, uses);
    frame.beginLoad(uses, isAhead);
    return frame;
  }

  private boolean makeRoom(int wanted) {
    return extents.grow(wanted)
        || extents.rebalance(wanted)
        || extents.claim(wanted)
        || evictOne(wanted)
        || extents.stealAny(wanted);
  }

  private boolean evictOne(int wanted) {
    SizeClass sizeClass = classes[wanted];
    Frame frame = sizeClass.victim();
    // A frame may be pinned between the choice and the eviction: then the next one is chosen.
    for (int i = sizeClass.frameCount; i > 0 && frame != null; i--) {
      // Of a frame that was out of the table the cache has another version, or nobody wants one.
      if (eviction.retire(frame)) {
        demand.givenUp(wanted, FrameTable.hash(frame.fileId(), frame.offset()));
      }
      if (eviction.reclaim(frame)) {
        sizeClass.evictionsSinceBalance++;
        return true;
      }
      frame = sizeClass.victim();
    }
    return false;
  }

  /// Halves all uses when it is time: those of frames and of the sketch together, so that they can
  /// be compared at every moment.
  private void age() {
    long now = accesses.getAsLong();
    if (now - agedAt < AGING_ACCESSES * extents.frameCount()) {
      return;
    }
    agedAt = now;
    for (SizeClass sizeClass : classes) {
      sizeClass.age();
    }
    sketch.age();
    windowShare.age();
    demand.age();
  }

  /// Takes back a frame whose load failed.
  synchronized void giveBack(Frame frame) {
    eviction.release(frame);
  }

  /// Takes back a RETIRED frame if it has no pin; else the clock meets it later.
  synchronized void discard(Frame frame) {
    eviction.reclaim(frame);
  }

  /// Drops the frames of one file; those that are pinned can be read until they are given back,
  /// and the clock meets them later.
  synchronized void evictFile(long fileId) {
    eviction.evictFile(fileId);
  }

  /// Evicts every frame that is not pinned and returns how many are.
  synchronized int evictAll() {
    return eviction.evictAll();
  }

  /// Frees extents without a pin, those first that nobody has hit, until they have `bytes`. Returns
  /// how many bytes they have; 0 when all extents together have fewer.
  @Override
  public synchronized long giveBack(long bytes) {
    return extents.giveBack(bytes);
  }

  /// Frees the memory, after [#evictAll] returned 0 and when no load runs.
  synchronized void close() {
    extents.close();
  }

  synchronized long extentBytes() {
    return extents.bytes();
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
    long unused = 0;
    for (int i = 0; i < classes.length; i++) {
      unused += (long) classes[i].aheadCount() * FrameSizes.capacity(i);
    }
    long room = extents.reachableBytes(available) / SizeClass.AHEAD_PART;
    return Math.min(room / 2, Math.max(0, room - unused));
  }

  synchronized long evictions() {
    return eviction.evictions();
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
}
