package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The side of a ring where results come out. Used by one thread at a time.
///
/// Entries are copied out with [#take()] and the accessors; their places go back to the kernel at
/// [#publishHead()], so that whoever is told of a result already finds room for the next.
public final class CompletionQueue {

  private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle();

  private static final VarHandle USER_DATA = field(CQE, "user_data");
  private static final VarHandle RES = field(CQE, "res");
  private static final VarHandle FLAGS = field(CQE, "flags");
  private static final long CQE_SIZE = CQE.byteSize();

  // Constant after construction.
  private final MemorySegment rings;
  private final long headOffset;
  private final long tailOffset;
  private final long cqesOffset;
  private final long overflowOffset;
  private final int entries;
  private final int mask;

  // Owned by the reaping thread.
  private int head;

  CompletionQueue(MemorySegment rings, MemorySegment params, int entries) {
    this.rings = rings;
    this.entries = entries;
    mask = entries - 1;
    headOffset = offset(params, "head");
    tailOffset = offset(params, "tail");
    cqesOffset = offset(params, "cqes");
    overflowOffset = offset(params, "overflow");
  }

  /// How many entries there are, a power of two.
  public int entries() {
    return entries;
  }

  /// How many results are there: up to `*cq->ktail`, which the kernel writes with release order
  /// after the entries; acquire order here makes them readable.
  public int readyAcquire() {
    return (int) INDEX.getAcquire(rings, tailOffset) - head;
  }

  /// Steps over the next result, of which there must be one. Returns its place for the accessors,
  /// which hold until [#publishHead()].
  public long take() {
    return cqesOffset + (head++ & mask) * CQE_SIZE;
  }

  public long userData(long place) {
    return (long) USER_DATA.get(rings, place);
  }

  public int result(long place) {
    return (int) RES.get(rings, place);
  }

  public int flags(long place) {
    return (int) FLAGS.get(rings, place);
  }

  /// Gives the places of all taken results back to the kernel: `*cq->khead`, which the kernel
  /// reads with acquire order; release order here keeps the reads of the entries before it.
  public void publishHead() {
    INDEX.setRelease(rings, headOffset, head);
  }

  /// `*cq->koverflow`, which only the kernel writes: results that it has dropped. Where the kernel
  /// keeps those that do not fit (`IORING_FEAT_NODROP`, 5.5), it counts the ones that it had no
  /// memory for.
  long droppedOpaque() {
    return Integer.toUnsignedLong((int) INDEX.getOpaque(rings, overflowOffset));
  }

  private static long offset(MemorySegment params, String name) {
    return Integer.toUnsignedLong((int) field(PARAMS, "cq_off", name).get(params, 0L));
  }
}
