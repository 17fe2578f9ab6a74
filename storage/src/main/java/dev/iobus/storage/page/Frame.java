package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// One place for a decoded block, used for many blocks in turn. Its word says what may be done:
///
/// ```
/// 63            32 31    24 23           0
/// | generation    | state  | pins         |
///
/// FREE ─ allocate ─► LOADING ─ publish ─► LOADED ─ evict or replace ─► RETIRED
///   ▲                    │                                                │ 0 pins, and in no slot
///   ├─── failed load ────┘                                                ▼
///   └────────────────────────────────────────────────────────────────  EVICTING
/// ```
///
/// A RETIRED frame holds a block that is to be given up, or a version of it that a newer one has
/// replaced. It gets no new pins; those that it has are good until they are given back. Who retired
/// it takes it out of the table before the frame can be reused.
///
/// Pins are in the word or in [PinSlots]. They are taken and given back by any thread; all other
/// moves are made by whoever owns the frame: the allocator, then the loader until it publishes, then
/// the evictor that won the move to EVICTING. The generation grows with each eviction, so that a
/// word never returns.
final class Frame implements BlockMemory {

  static final int FREE = 0;
  static final int LOADING = 1;
  static final int LOADED = 2;
  static final int EVICTING = 3;
  static final int RETIRED = 4;

  /// A block that was read ahead keeps its place for this many halvings at most.
  private static final int AHEAD_TURNS = 2;

  private static final int STATE_SHIFT = 24;
  private static final int GENERATION_SHIFT = 32;
  private static final long PINS_MASK = (1L << STATE_SHIFT) - 1;

  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(Frame.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// All of the frame's memory; constant.
  private final MemorySegment memory;

  /// Where that begins, which names the frame in slots; constant.
  private final long address;

  /// The extent that it was cut from; constant.
  final FrameExtent extent;

  private long word;

  // Written while LOADING, published by the release of the word. A reader without a pin may see
  // those of another block, so it compares them again once it has one.
  private long fileId;
  private long offset;
  private MemorySegment bytes = MemorySegment.NULL;
  /// What was last shown of the memory: blocks of one length in a row need no new segment.
  private MemorySegment shown = MemorySegment.NULL;

  /// The next frame in its chain of the table; written under the chain's lock.
  volatile @Nullable Frame next;

  /// How often the block was used lately, up to [FrequencySketch#MAX]. Racy, as the next field: a
  /// lost update costs at most one wrong guess.
  private int uses;

  /// For a block that was read ahead and not used yet: how many halvings it still waits.
  private int ahead;

  /// The queue that the frame waits in, and its neighbours there; guarded by the allocator.
  @Nullable FrameQueue queue;

  @Nullable Frame queuedBefore;
  @Nullable Frame queuedAfter;

  Frame(FrameExtent extent, MemorySegment memory) {
    this.extent = extent;
    this.memory = memory;
    this.address = memory.address();
  }

  long address() {
    return address;
  }

  /// Bytes that the frame can hold.
  int capacity() {
    return (int) memory.byteSize();
  }

  long fileId() {
    return fileId;
  }

  long offset() {
    return offset;
  }

  /// Whether it holds that block, as far as a reader without a pin can tell.
  boolean isOf(long wantedFileId, long wantedOffset) {
    return fileId == wantedFileId && offset == wantedOffset;
  }

  @Override
  public MemorySegment bytes() {
    return bytes;
  }

  /// Whether it holds that block now, and until the caller gives back the slot with its address.
  ///
  /// The compare-and-set of the slot and this read are both volatile, as are the two on the other
  /// side: weaker ones might change places on some processors.
  boolean isPinnedBySlot(long wantedFileId, long wantedOffset) {
    long seen = (long) WORD.getVolatile(this);
    return state(seen) == LOADED && isOf(wantedFileId, wantedOffset);
  }

  /// Takes a pin in the word if the frame holds that block now.
  boolean tryPin(long wantedFileId, long wantedOffset) {
    long seen = wordAcquire();
    while (state(seen) == LOADED) {
      if ((seen & PINS_MASK) == PINS_MASK) {
        throw new IllegalStateException("a block is pinned " + PINS_MASK + " times");
      }
      if (WORD.compareAndSet(this, seen, seen + 1)) {
        if (isOf(wantedFileId, wantedOffset)) {
          return true;
        }
        unpin();
        return false;
      }
      seen = wordAcquire();
    }
    return false;
  }

  @Override
  public void unpin() {
    // Release: what the holder read is read before an evictor can see the pin gone.
    long before = (long) WORD.getAndAddRelease(this, -1L);
    assert state(before) == LOADED || state(before) == RETIRED : "unpin in state " + state(before);
    assert pins(before) > 0 : "unpin without a pin";
  }

  /// Counts a hit. Frames that are used much are not written to, so that their line is shared.
  void touch() {
    if (ahead != 0) {
      ahead = 0; // Its first use, which was counted when it was loaded.
    } else if (uses < FrequencySketch.MAX) {
      uses++;
    }
  }

  int uses() {
    return uses;
  }

  /// Whether the block was used, or has waited for that too long.
  boolean isUsed() {
    return ahead == 0;
  }

  /// Halves the count of uses.
  void age() {
    uses >>= 1;
    if (ahead != 0) {
      ahead--;
    }
  }

  /// What holds a block no more is worth nothing.
  void dropUses() {
    uses = 0;
  }

  /// Takes over from a version of the same block, which is nothing worth from then on.
  void inheritUses(Frame before) {
    uses = Math.max(uses, before.uses);
    before.uses = 0;
  }

  /// Whether it can be given up now, as far as its word tells.
  boolean isIdle() {
    long seen = wordAcquire();
    return pins(seen) == 0 && (state(seen) == LOADED || state(seen) == RETIRED);
  }

  /// FREE → LOADING; by the allocator.
  ///
  /// @param usesSoFar of the block that is loaded, at least 1
  /// @param isAhead whether nobody waits for it yet
  void beginLoad(int usesSoFar, boolean isAhead) {
    long seen = wordAcquire();
    assert state(seen) == FREE : "load into state " + state(seen);
    uses = usesSoFar;
    ahead = isAhead ? AHEAD_TURNS : 0;
    WORD.setRelease(this, word(generation(seen), LOADING, 0));
  }

  /// The memory that a loader decodes `length` bytes into.
  MemorySegment loadInto(int length) {
    assert state() == LOADING;
    return memory.asSlice(0, length);
  }

  /// LOADING → LOADED with `pins` pins; by the loader, after the bytes were written.
  void publish(long ofFileId, long atOffset, int length, int pins) {
    long seen = wordAcquire();
    assert state(seen) == LOADING : "publish in state " + state(seen);
    fileId = ofFileId;
    offset = atOffset;
    if (shown.byteSize() != length) {
      shown = memory.asSlice(0, length).asReadOnly();
    }
    bytes = shown;
    WORD.setRelease(this, word(generation(seen), LOADED, pins));
  }

  /// LOADED → RETIRED, with the pins that it has; false when it is not LOADED. By who holds the
  /// lock of its chain in the table, and unlinks it.
  boolean tryRetire() {
    long seen = wordAcquire();
    while (state(seen) == LOADED) {
      if (WORD.compareAndSet(this, seen, word(generation(seen), RETIRED, pins(seen)))) {
        return true;
      }
      seen = wordAcquire();
    }
    return false;
  }

  /// (LOADED, 0 pins) → RETIRED; by the allocator, who alone reclaims frames and unlinks this one
  /// before it does.
  boolean tryRetireIdle() {
    long seen = wordAcquire();
    return state(seen) == LOADED
        && pins(seen) == 0
        && WORD.compareAndSet(this, seen, word(generation(seen), RETIRED, 0));
  }

  /// (RETIRED, 0 pins, in no slot) → EVICTING; the winner calls [#free()].
  boolean tryReclaim(PinSlots slots) {
    long seen = (long) WORD.getVolatile(this);
    // The slots last: since the frame is RETIRED none gets it any more that has not had it before.
    return state(seen) == RETIRED
        && pins(seen) == 0
        && !slots.hold(address, 1)
        && WORD.compareAndSet(this, seen, word(generation(seen) + 1, EVICTING, 0));
  }

  /// EVICTING or LOADING → FREE; by its owner.
  void free() {
    long seen = wordAcquire();
    assert state(seen) == EVICTING || state(seen) == LOADING : "free in state " + state(seen);
    bytes = MemorySegment.NULL;
    WORD.setRelease(this, word(generation(seen), FREE, 0));
  }

  int state() {
    return state(wordAcquire());
  }

  int pins() {
    return pins(wordAcquire());
  }

  int generation() {
    return generation(wordAcquire());
  }

  private long wordAcquire() {
    return (long) WORD.getAcquire(this);
  }

  private static long word(int generation, int state, int pins) {
    return (long) generation << GENERATION_SHIFT | (long) state << STATE_SHIFT | pins;
  }

  private static int generation(long word) {
    return (int) (word >>> GENERATION_SHIFT);
  }

  private static int state(long word) {
    return (int) (word >>> STATE_SHIFT) & 0xff;
  }

  private static int pins(long word) {
    return (int) (word & PINS_MASK);
  }
}
