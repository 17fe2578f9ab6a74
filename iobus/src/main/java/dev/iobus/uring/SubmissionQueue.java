package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The side of a ring where requests go in. Used by one thread at a time.
///
/// Invariants.
/// 1. The entries from the kernel's head up to `tail` are filled; the kernel sees those up to the
///    published tail.
/// 2. An entry is not written again before the kernel's head has passed it.
/// 3. Fields that no entry uses here are zero, as the kernel made them, and are never written.
public final class SubmissionQueue {

  private static final VarHandle FLAGS = field(SQE, "flags");
  private static final VarHandle IOPRIO = field(SQE, "ioprio");
  private static final VarHandle FILE_INDEX = field(SQE, "file_index");

  private static final VarHandle BEGINNING = field(SQE_WORDS, "opcode_flags_ioprio_fd");
  private static final VarHandle OFF = field(SQE_WORDS, "off");
  private static final VarHandle ADDR = field(SQE_WORDS, "addr");
  private static final VarHandle LEN = field(SQE_WORDS, "len_rw_flags");
  private static final VarHandle USER_DATA = field(SQE_WORDS, "user_data");
  private static final VarHandle INDEXES = field(SQE_WORDS, "buf_index_personality_file_index");
  private static final long SQE_SIZE = SQE.byteSize();
  private static final int SQE_SHIFT = RingMemory.entryShift(SQE_SIZE);

  /// On no file.
  private static final long NOP_BEGINNING = -1L << Integer.SIZE | IORING_OP_NOP;

  private static final int LINKED = IOSQE_IO_LINK | IOSQE_IO_HARDLINK;

  // Constant after construction; addresses are shifted.
  private final MemorySegment sqes;
  private final long sqesAt;
  private final long headAt;
  private final long tailAt;
  private final long flagsAt;
  private final int entries;
  private final int mask;

  // Owned by the submitting thread.
  private int tail;

  /// The kernel's head when it was last looked at; the true one is not behind it.
  private int seenHead;

  SubmissionQueue(
      MemorySegment rings, MemorySegment sqes, MemorySegment params, int entries, boolean array) {
    this.sqes = sqes;
    sqesAt = RingMemory.shifted(sqes.address());
    this.entries = entries;
    mask = entries - 1;
    long start = rings.address();
    headAt = RingMemory.shifted(start + offset(params, "head"));
    tailAt = RingMemory.shifted(start + offset(params, "tail"));
    flagsAt = RingMemory.shifted(start + offset(params, "flags"));
    if (array) {
      // Kernels before NO_SQARRAY read the entry's number from here; it never changes.
      long arrayOffset = offset(params, "array");
      for (int i = 0; i < entries; i++) {
        rings.set(ValueLayout.JAVA_INT, arrayOffset + i * 4L, i);
      }
    }
  }

  /// How many entries there are, a power of two.
  public int entries() {
    return entries;
  }

  /// How many entries were filled since the beginning; overflows.
  public int filled() {
    return tail;
  }

  /// How many entries can be filled before the kernel must take some.
  public int room() {
    return entries - (tail - headAcquire());
  }

  /// Whether an entry can be filled. Looks at the kernel's head only when it must.
  public boolean hasRoom() {
    if (tail - seenHead < entries) {
      return true;
    }
    seenHead = headAcquire();
    return tail - seenHead < entries;
  }

  /// Entries filled and not yet taken by the kernel, counted from the kernel's own head, so that
  /// a refused submission is seen to have taken nothing.
  public int unconsumed() {
    return tail - headAcquire();
  }

  /// Whether the last entry the kernel took is tied to the first it did not take. The kernel ends
  /// a run of links where a submission ends, so such a run has been cut.
  public boolean splitsRun() {
    int head = headAcquire();
    long last = (head - 1 & mask) * SQE_SIZE;
    return head != tail && ((byte) FLAGS.get(sqes, last) & LINKED) != 0;
  }

  /// Fills the next entry; there must be room. The kernel sees it after [#publishTail()].
  public void push(
      int opcode,
      int flags,
      int fd,
      long off,
      long addr,
      int len,
      int opFlags,
      int bufIndex,
      long userData) {
    assert hasRoom();
    long sqe = RingMemory.address(sqesAt + ((long) (tail & mask) << SQE_SHIFT));
    long beginning = (long) fd << 32 | (flags & 0xff) << 8 | (opcode & 0xff);
    BEGINNING.set(RingMemory.ALL, sqe, beginning);
    OFF.set(RingMemory.ALL, sqe, off);
    ADDR.set(RingMemory.ALL, sqe, addr);
    LEN.set(RingMemory.ALL, sqe, (long) opFlags << 32 | (len & 0xffff_ffffL));
    USER_DATA.set(RingMemory.ALL, sqe, userData);
    INDEXES.set(RingMemory.ALL, sqe, bufIndex & 0xffffL);
    tail++;
  }

  /// As [#push], of an entry that does nothing. By itself: the compiler does not look deep enough for
  /// more where it is called from.
  public void pushNop(long userData) {
    assert hasRoom();
    long sqe = RingMemory.address(sqesAt + ((long) (tail & mask) << SQE_SHIFT));
    BEGINNING.set(RingMemory.ALL, sqe, NOP_BEGINNING);
    OFF.set(RingMemory.ALL, sqe, 0L);
    ADDR.set(RingMemory.ALL, sqe, 0L);
    LEN.set(RingMemory.ALL, sqe, 0L);
    USER_DATA.set(RingMemory.ALL, sqe, userData);
    INDEXES.set(RingMemory.ALL, sqe, 0L);
    tail++;
  }

  /// Sets `ioprio` of the entry that was filled last, where operations on sockets keep flags.
  public void setPriority(int flags) {
    IOPRIO.set(sqes, (tail - 1 & mask) * SQE_SIZE, (short) flags);
  }

  /// Makes the entry that was filled last open into a slot of the table of files, or close it.
  public void setSlot(int slot) {
    FILE_INDEX.set(sqes, (tail - 1 & mask) * SQE_SIZE, slot + 1);
  }

  /// Shows the filled entries to the kernel: `*sq->ktail`, which the kernel reads with acquire
  /// order; release order here makes the entries visible before it.
  public void publishTail() {
    RingMemory.putIntRelease(tailAt, tail);
  }

  /// `*sq->khead`, which the kernel writes with release order when it has read the entries.
  private int headAcquire() {
    return RingMemory.getIntAcquire(headAt);
  }

  /// `*sq->kflags`: a hint to enter the kernel; opaque is enough, as a late sight costs one turn.
  int flagsOpaque() {
    return RingMemory.getIntOpaque(flagsAt);
  }

  private static long offset(MemorySegment params, String name) {
    return Integer.toUnsignedLong((int) field(PARAMS, "sq_off", name).get(params, 0L));
  }
}
