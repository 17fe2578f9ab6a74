package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The side of a ring where results come out. Used by one thread at a time.
///
/// Entries are copied out with [#take()] and the accessors; their places go back to the kernel at
/// [#publishHead()]: for each where whoever is told of a result may submit at once, else for all
/// that were taken.
public final class CompletionQueue {

  private static final VarHandle USER_DATA = field(CQE_WORDS, "user_data");
  private static final VarHandle OUTCOME = field(CQE_WORDS, "res_flags");
  private static final int CQE_SHIFT = RingMemory.entryShift(CQE.byteSize());

  // Constant after construction; addresses are shifted.
  private final long headAt;
  private final long tailAt;
  private final long cqesAt;
  private final long overflowAt;
  private final int entries;
  private final int mask;

  // Owned by the reaping thread.
  private int head;
  /// Up to where results were there at the last look.
  private int seenTail;

  CompletionQueue(MemorySegment rings, MemorySegment params, int entries) {
    this.entries = entries;
    mask = entries - 1;
    long start = rings.address();
    headAt = RingMemory.shifted(start + offset(params, "head"));
    tailAt = RingMemory.shifted(start + offset(params, "tail"));
    cqesAt = RingMemory.shifted(start + offset(params, "cqes"));
    overflowAt = RingMemory.shifted(start + offset(params, "overflow"));
  }

  /// How many entries there are, a power of two.
  public int entries() {
    return entries;
  }

  /// Looks how many results are there, and returns it: up to `*cq->ktail`, which the kernel writes
  /// with release order after the entries; acquire order here makes them readable.
  public int lookAcquire() {
    seenTail = RingMemory.getIntAcquire(tailAt);
    return seenTail - head;
  }

  /// How many results were taken since the beginning; overflows.
  public int taken() {
    return head;
  }

  /// Whether one of the results that were seen was not taken.
  public boolean hasNext() {
    return head != seenTail;
  }

  /// Forgets what was seen: nothing is taken of a queue that is about to be unmapped.
  public void forget() {
    seenTail = head;
  }

  /// Steps over the next result, of which one was seen. Returns its place for the accessors, which
  /// hold until [#publishHead()].
  public long take() {
    return RingMemory.address(cqesAt + ((long) (head++ & mask) << CQE_SHIFT));
  }

  public long userData(long place) {
    return (long) USER_DATA.get(RingMemory.ALL, place);
  }

  /// `res` and `flags`, read as one: for [#result(long)] and [#flags(long)].
  public long outcome(long place) {
    return (long) OUTCOME.get(RingMemory.ALL, place);
  }

  public static int result(long outcome) {
    return (int) outcome;
  }

  public static int flags(long outcome) {
    return (int) (outcome >>> Integer.SIZE);
  }

  /// Gives the places of all taken results back to the kernel: `*cq->khead`, which the kernel
  /// reads with acquire order; release order here keeps the reads of the entries before it.
  public void publishHead() {
    RingMemory.putIntRelease(headAt, head);
  }

  /// `*cq->koverflow`, which only the kernel writes: results that it has dropped. Where the kernel
  /// keeps those that do not fit (`IORING_FEAT_NODROP`, 5.5), it counts the ones that it had no
  /// memory for.
  long droppedOpaque() {
    return Integer.toUnsignedLong(RingMemory.getIntOpaque(overflowAt));
  }

  private static long offset(MemorySegment params, String name) {
    return Integer.toUnsignedLong((int) field(PARAMS, "cq_off", name).get(params, 0L));
  }
}
