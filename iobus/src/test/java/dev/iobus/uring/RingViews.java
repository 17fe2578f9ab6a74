package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Second mappings of the queues of rings, in which a test's system calls see, and change, what is
/// about to be submitted and what has come. Thread-safe; an entry is looked at by its submitter.
///
/// A mapping keeps its ring alive in the kernel, until the number of its descriptor is used again or
/// until [#close()].
final class RingViews implements AutoCloseable {

  private static final VarHandle OPCODE = field(SQE, "opcode");
  private static final VarHandle FLAGS = field(SQE, "flags");
  private static final VarHandle RW_FLAGS = field(SQE, "rw_flags");
  private static final VarHandle LEN = field(SQE, "len");
  private static final VarHandle UPDATE_OFFSET = field(RSRC_UPDATE, "offset");
  private static final VarHandle UPDATE_DATA = field(RSRC_UPDATE, "data");
  private static final VarHandle SQ_ENTRIES = field(PARAMS, "sq_entries");
  private static final VarHandle HEAD = field(PARAMS, "sq_off", "head");
  private static final int LINKED = IOSQE_IO_LINK | IOSQE_IO_HARDLINK;
  private static final VarHandle USER_DATA = field(SQE, "user_data");
  private static final VarHandle CQ_ENTRIES = field(PARAMS, "cq_entries");
  private static final VarHandle TAIL = field(PARAMS, "cq_off", "tail");
  private static final VarHandle CQES = field(PARAMS, "cq_off", "cqes");
  private static final VarHandle CQE_USER_DATA = field(CQE, "user_data");
  private static final VarHandle CQE_RESULT = field(CQE, "res");
  private static final VarHandle INDEX = ValueLayout.JAVA_INT.varHandle();

  /// `IORING_NOP_INJECT_RESULT`, since 6.10.
  private static final int NOP_INJECT_RESULT = 1;

  /// `IO_RINGFD_REG_MAX`.
  private static final int REGISTRATIONS_MAX = 16;

  private final Arena arena = Arena.ofShared();

  /// Written under the monitor, as a new array.
  private volatile @Nullable View[] byDescriptor = new View[0];

  /// The rings that a thread enters with IORING_ENTER_REGISTERED_RING: per thread, as in the kernel.
  private final ThreadLocal<@Nullable View[]> byRegistration =
      ThreadLocal.withInitial(() -> new View[REGISTRATIONS_MAX]);

  /// The queues of one ring. The numbers of the entries are those of the kernel's head and tail,
  /// taken with the size of the queue.
  record View(
      MemorySegment rings,
      MemorySegment sqes,
      long headOffset,
      int mask,
      long tailOffset,
      long cqesOffset,
      int resultMask) {

    int head() {
      return rings.get(ValueLayout.JAVA_INT, headOffset);
    }

    int opcode(int number) {
      return Byte.toUnsignedInt((byte) OPCODE.get(sqes, place(number)));
    }

    void setOpcode(int number, int opcode) {
      OPCODE.set(sqes, place(number), (byte) opcode);
    }

    int length(int number) {
      return (int) LEN.get(sqes, place(number));
    }

    void setLength(int number, int length) {
      LEN.set(sqes, place(number), length);
    }

    /// Turns an entry into a nop that ends with this result.
    void answer(int number, int result) {
      setOpcode(number, IORING_OP_NOP);
      setLength(number, result);
      RW_FLAGS.set(sqes, place(number), NOP_INJECT_RESULT);
    }

    /// Whether an entry is tied to the next.
    boolean isLinked(int number) {
      return ((byte) FLAGS.get(sqes, place(number)) & LINKED) != 0;
    }

    long userData(int number) {
      return (long) USER_DATA.get(sqes, place(number));
    }

    /// How many results the kernel has written so far.
    int resultTail() {
      return (int) INDEX.getAcquire(rings, tailOffset);
    }

    long resultUserData(int number) {
      return (long) CQE_USER_DATA.get(rings, resultPlace(number));
    }

    int result(int number) {
      return (int) CQE_RESULT.get(rings, resultPlace(number));
    }

    void setResult(int number, int result) {
      CQE_RESULT.set(rings, resultPlace(number), result);
    }

    private long resultPlace(int number) {
      return cqesOffset + (number & resultMask) * CQE.byteSize();
    }

    private long place(int number) {
      return (number & mask) * SQE.byteSize();
    }
  }

  /// Takes notice of a ring that was set up, both of whose queues are one mapping.
  synchronized void add(int fd, MemorySegment params) {
    int entries = (int) SQ_ENTRIES.get(params, 0L);
    long headOffset = Integer.toUnsignedLong((int) HEAD.get(params, 0L));
    int results = (int) CQ_ENTRIES.get(params, 0L);
    long tailOffset = Integer.toUnsignedLong((int) TAIL.get(params, 0L));
    long cqesOffset = Integer.toUnsignedLong((int) CQES.get(params, 0L));
    MemorySegment rings = map(fd, cqesOffset + results * CQE.byteSize(), IORING_OFF_SQ_RING);
    MemorySegment sqes = map(fd, entries * SQE.byteSize(), IORING_OFF_SQES);
    View[] views = Arrays.copyOf(byDescriptor, Math.max(byDescriptor.length, fd + 1));
    View old = views[fd];
    views[fd] =
        new View(rings, sqes, headOffset, entries - 1, tailOffset, cqesOffset, results - 1);
    byDescriptor = views;
    if (old != null) {
      unmap(old);
    }
  }

  /// Takes notice of a registration of ring descriptors that succeeded.
  void addRegistration(MemorySegment update) {
    int fd = (int) (long) UPDATE_DATA.get(update, 0L);
    byRegistration.get()[(int) UPDATE_OFFSET.get(update, 0L)] = byDescriptor[fd];
  }

  /// The ring that a call names.
  View find(int fd, int enterFlags) {
    View view =
        (enterFlags & IORING_ENTER_REGISTERED_RING) != 0
            ? byRegistration.get()[fd]
            : byDescriptor[fd];
    if (view == null) {
      throw new AssertionError("no ring was seen at " + fd);
    }
    return view;
  }

  @Override
  public synchronized void close() {
    for (View view : byDescriptor) {
      if (view != null) {
        unmap(view);
      }
    }
    byDescriptor = new View[0];
  }

  private MemorySegment map(int fd, long size, long offset) {
    int access = Libc.PROT_READ | Libc.PROT_WRITE;
    MemorySegment errno = Libc.newErrnoCapture(arena);
    long address = Libc.mmap(errno, size, access, Libc.MAP_SHARED, fd, offset);
    if (address < 0 && address > -4096) {
      throw new AssertionError("mmap answered " + address);
    }
    return MemorySegment.ofAddress(address).reinterpret(size);
  }

  private void unmap(View view) {
    MemorySegment errno = Libc.newErrnoCapture(arena);
    Libc.munmap(errno, view.rings.address(), view.rings.byteSize());
    Libc.munmap(errno, view.sqes.address(), view.sqes.byteSize());
  }
}
