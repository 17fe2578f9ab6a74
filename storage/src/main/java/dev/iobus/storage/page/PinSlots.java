package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Pins that are written beside the frames: who reads a block stores the address of its frame in a
/// slot of a line that few others write, so that the line of a hot frame stays shared by all cores.
/// (Michael, "Hazard Pointers", 2004; Dice, Kogan, "BRAVO: Biased Locking for Reader-Writer Locks",
/// 2019.) Thread-safe.
///
/// ```
/// line of 128 bytes, one for some tasks
/// | slot | slot | slot | slot | hits | hits | hits | hits |  64 bytes that nobody writes  |
///    0 or the address of a frame   of the slot's holders
/// ```
///
/// A slot alone is no pin: the frame may be on its way out. Both sides write first and look after
/// that, by volatile accesses, which no processor exchanges: the reader takes a slot, then looks
/// whether the frame's word is LOADED; who wants the frame makes its word RETIRED, then looks for it
/// in the slots. So at least one of them sees the other. The reader gives the slot back if the frame
/// is not LOADED; the other lets the frame be, as RETIRED, while a slot has it.
///
/// A slot belongs to its holder, not to a thread: it is taken with a compare-and-set and given back
/// from wherever the holder runs then. Who finds no free slot in two lines pins in the frame's word,
/// as do most while many keep blocks for long.
final class PinSlots {

  /// In place of a slot: none.
  static final int NONE = -1;

  /// How many slots a line has.
  private static final int SLOTS = 4;

  /// Longs from one line to the next: two lines of a cache, as neighbours are fetched in pairs.
  private static final int STRIDE = 16;

  /// Lines for each task that can run at a time, so that few of those meet in one.
  private static final int LINES_PER_TASK = 4;

  private static final int LINES_MAX = 512;

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private final Scheduler scheduler;

  /// The lines, behind one that keeps them away from the array's length, which all read.
  private final long[] words;

  private final int mask;

  PinSlots(Scheduler scheduler) {
    this(scheduler, lines(scheduler.parallelism()));
  }

  /// @param lines a power of two, at least 2
  PinSlots(Scheduler scheduler, int lines) {
    assert Integer.bitCount(lines) == 1 && lines >= 2 : lines;
    this.scheduler = scheduler;
    this.words = new long[STRIDE * (lines + 1)];
    this.mask = lines - 1;
  }

  private static int lines(int parallelism) {
    int wanted = Math.min(LINES_MAX, LINES_PER_TASK * Math.min(LINES_MAX, parallelism));
    return Integer.highestOneBit(2 * wanted - 1);
  }

  /// Heap bytes of the slots of a machine, and of the addresses in them once more ([HeldFrames]).
  ///
  /// @param parallelism how many tasks can run at a time
  static long heapBytes(int parallelism) {
    int lines = lines(parallelism);
    return 8L * (STRIDE * (lines + 1) + SLOTS * lines);
  }

  /// Stores an address in a free slot; no read of the caller comes before that. Returns the slot, or
  /// [#NONE] when those of the caller's line are taken, and those of the line beside it.
  int take(long address) {
    int line = (int) scheduler.currentTaskNumber() & mask;
    int first = STRIDE * (1 + line);
    // Apart from the others, to stay small enough for compilers to put it into who reads a block.
    if (WORDS.compareAndSet(words, first, 0L, address)) {
      return first;
    }
    int slot = takeOneOf(first, address);
    return slot != NONE ? slot : takeOneOf(STRIDE * (1 + (line ^ 1)), address);
  }

  private int takeOneOf(int first, long address) {
    for (int slot = first; slot < first + SLOTS; slot++) {
      if (words[slot] == 0 && WORDS.compareAndSet(words, slot, 0L, address)) {
        return slot;
      }
    }
    return NONE;
  }

  /// Counts a hit of the slot's holder: nobody else writes the count meanwhile.
  void countHit(int slot) {
    int count = slot + SLOTS;
    WORDS.setOpaque(words, count, words[count] + 1);
  }

  /// Gives a slot back.
  void release(int slot) {
    // Release: what the holder read is read before who wants the frame can see the slot free.
    WORDS.setRelease(words, slot, 0L);
  }

  /// Whether a slot has an address of that memory, or had one a moment ago.
  boolean hold(long address, long bytes) {
    for (int line = STRIDE; line < words.length; line += STRIDE) {
      for (int slot = line; slot < line + SLOTS; slot++) {
        long held = (long) WORDS.getVolatile(words, slot);
        if (held - address >= 0 && held - address < bytes) {
          return true;
        }
      }
    }
    return false;
  }

  /// How many slots there are.
  int count() {
    return SLOTS * (mask + 1);
  }

  /// Copies the addresses that slots have; returns how many.
  ///
  /// @param into with room for all slots
  int held(long[] into) {
    int found = 0;
    for (int line = STRIDE; line < words.length; line += STRIDE) {
      for (int slot = line; slot < line + SLOTS; slot++) {
        long address = (long) WORDS.getOpaque(words, slot);
        if (address != 0) {
          into[found++] = address;
        }
      }
    }
    return found;
  }

  /// Hits of all that held slots.
  long hits() {
    long sum = 0;
    for (int line = STRIDE; line < words.length; line += STRIDE) {
      for (int count = line + SLOTS; count < line + 2 * SLOTS; count++) {
        sum += (long) WORDS.getOpaque(words, count);
      }
    }
    return sum;
  }
}
