package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.BitSet;

/// The files and buffers that a ring knows by number. Thread-safe; on a ring for one owner the
/// kernel lets only that owner register.
public final class RingTables {

  private static final VarHandle REGISTER_NR = field(RSRC_REGISTER, "nr");
  private static final VarHandle REGISTER_FLAGS = field(RSRC_REGISTER, "flags");
  private static final VarHandle REGISTER_DATA = field(RSRC_REGISTER, "data");
  private static final VarHandle FILES_OFFSET = field(RSRC_UPDATE, "offset");
  private static final VarHandle FILES_DATA = field(RSRC_UPDATE, "data");
  private static final VarHandle BUFFERS_OFFSET = field(RSRC_UPDATE2, "offset");
  private static final VarHandle BUFFERS_DATA = field(RSRC_UPDATE2, "data");
  private static final VarHandle BUFFERS_NR = field(RSRC_UPDATE2, "nr");
  private static final VarHandle IOV_BASE = field(IOVEC, "iov_base");
  private static final VarHandle IOV_LEN = field(IOVEC, "iov_len");

  /// One registered buffer holds at most this much, `io_uring_register(2)`.
  private static final long BUFFER_SIZE_MAX = 1L << 30;

  private static final int BUFFERS = 64;

  // Constant after construction.
  private final Ring ring;
  private final int fileTable;
  private final int bufferTable;
  private final int[] descriptors;

  // Guarded by this.
  private final BitSet usedFiles = new BitSet();
  private final BitSet usedBuffers = new BitSet();

  /// Gives a ring its empty tables. A refusal shows at the first registration, as its answer.
  public RingTables(Ring ring, int files) {
    this.ring = ring;
    int slots = files;
    int answer = -Errno.ENFILE;
    while (slots > 0 && (answer = newFileTable(slots)) == -Errno.EMFILE) {
      slots /= 2; // The kernel wants no more slots than the process may open files (ulimit -n).
    }
    fileTable = answer;
    descriptors = new int[slots];
    bufferTable = newBufferTable();
  }

  /// 0, or the negated error number that refused the table of files; `-ENFILE` where none was asked
  /// for.
  public int fileRefusal() {
    return Math.min(0, fileTable);
  }

  /// 0, or the negated error number that refused the table of buffers.
  public int bufferRefusal() {
    return Math.min(0, bufferTable);
  }

  /// Puts an open file into a free slot. Returns the slot; `-ENFILE` when none is free.
  public synchronized int registerFile(int descriptor) {
    if (fileTable < 0) {
      return fileTable;
    }
    int slot = usedFiles.nextClearBit(0);
    if (slot == descriptors.length) {
      return -Errno.ENFILE;
    }
    int answer = updateFile(slot, descriptor);
    if (answer < 0) {
      return answer;
    }
    usedFiles.set(slot);
    descriptors[slot] = descriptor;
    return slot;
  }

  /// Takes a free slot and leaves it empty. Returns the slot; `-ENFILE` when none is free.
  public synchronized int reserveFile() {
    if (fileTable < 0) {
      return fileTable;
    }
    int slot = usedFiles.nextClearBit(0);
    if (slot == descriptors.length) {
      return -Errno.ENFILE;
    }
    usedFiles.set(slot);
    descriptors[slot] = -1;
    return slot;
  }

  /// Puts an open file into a slot that was taken; −1 empties it. Returns 0 or a negated error
  /// number.
  public synchronized int setFile(int slot, int descriptor) {
    if (!usedFiles.get(slot)) {
      return -Errno.EBADF;
    }
    return Math.min(updateFile(slot, descriptor), 0);
  }

  /// Empties a slot. Requests that use the file already keep it until they end.
  public synchronized void unregisterFile(int slot) {
    if (!usedFiles.get(slot)) {
      throw new IllegalArgumentException("no registered file in slot " + slot);
    }
    int answer = updateFile(slot, -1);
    if (answer < 0) {
      throw new IllegalStateException("slot " + slot + ": " + Errno.name(-answer));
    }
    usedFiles.clear(slot);
  }

  /// The descriptor that was put into a slot, for operations that take no registered file; −1 for
  /// a file that was opened into it.
  public synchronized int descriptor(int slot) {
    if (!usedFiles.get(slot)) {
      throw new IllegalArgumentException("no registered file in slot " + slot);
    }
    return descriptors[slot];
  }

  /// Pins native memory and gives it a number. Returns it, or a negated error number: `-ENOMEM`
  /// over the memlock limit, `-EINVAL` for more than 1 GiB, `-ENOBUFS` when all are in use,
  /// `-EOPNOTSUPP` on a kernel that cannot change one entry of its table.
  public synchronized int registerBuffer(MemorySegment memory) {
    if (bufferTable < 0) {
      return bufferTable;
    }
    if (memory.byteSize() > BUFFER_SIZE_MAX || memory.byteSize() == 0) {
      return -Errno.EINVAL;
    }
    int index = usedBuffers.nextClearBit(0);
    if (index == BUFFERS) {
      return -Errno.number("ENOBUFS");
    }
    int answer = updateBuffer(index, memory.address(), memory.byteSize());
    if (answer < 0) {
      return answer;
    }
    usedBuffers.set(index);
    return index;
  }

  /// Unpins a buffer once no request uses it any more.
  public synchronized void unregisterBuffer(int index) {
    if (!usedBuffers.get(index)) {
      throw new IllegalArgumentException("no registered buffer " + index);
    }
    int answer = updateBuffer(index, 0, 0);
    if (answer < 0) {
      throw new IllegalStateException("buffer " + index + ": " + Errno.name(-answer));
    }
    usedBuffers.clear(index);
  }

  /// Lets go of all files and buffers at once, so that no lock and no pinned memory outlives the
  /// ring: the kernel frees a closed ring in its own time (liburing issue 1627).
  public synchronized void close() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(arena);
      if (fileTable >= 0) {
        ring.register(errno, IORING_UNREGISTER_FILES, MemorySegment.NULL, 0);
      }
      if (bufferTable >= 0) {
        ring.register(errno, IORING_UNREGISTER_BUFFERS, MemorySegment.NULL, 0);
      }
    }
  }

  /// Makes an empty table of files; before 5.19 by listing empty entries. Returns a negated error
  /// number when the kernel refuses, such as `-EMFILE` for more slots than the process may open
  /// files.
  private int newFileTable(int size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(arena);
      int answer = newSparseTable(arena, errno, IORING_REGISTER_FILES2, size);
      if (answer != -Errno.EINVAL) {
        return answer;
      }
      MemorySegment empty = arena.allocate(ValueLayout.JAVA_INT, size).fill((byte) -1);
      return ring.register(errno, IORING_REGISTER_FILES, empty, size);
    }
  }

  /// Makes an empty table of buffers; before 5.19 by listing empty entries. Before 5.13 there is
  /// none: a table would have to be given whole, and the kernel would wait first until nothing is
  /// in flight, which the poll behind a wake-up always is.
  private int newBufferTable() {
    if (!ring.features().updatesBuffers()) {
      return -Errno.EOPNOTSUPP;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(arena);
      int answer = newSparseTable(arena, errno, IORING_REGISTER_BUFFERS2, BUFFERS);
      if (answer != -Errno.EINVAL) {
        return answer;
      }
      MemorySegment table = arena.allocate(RSRC_REGISTER);
      REGISTER_NR.set(table, 0L, BUFFERS);
      REGISTER_DATA.set(table, 0L, arena.allocate(IOVEC, BUFFERS).address());
      return ring.register(
          errno, IORING_REGISTER_BUFFERS2, table, (int) RSRC_REGISTER.byteSize());
    }
  }

  private int newSparseTable(Arena arena, MemorySegment errno, int opcode, int size) {
    MemorySegment table = arena.allocate(RSRC_REGISTER);
    REGISTER_NR.set(table, 0L, size);
    REGISTER_FLAGS.set(table, 0L, IORING_RSRC_REGISTER_SPARSE);
    return ring.register(errno, opcode, table, (int) RSRC_REGISTER.byteSize());
  }

  private int updateFile(int slot, int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment update = arena.allocate(RSRC_UPDATE);
      FILES_OFFSET.set(update, 0L, slot);
      FILES_DATA.set(update, 0L, arena.allocateFrom(ValueLayout.JAVA_INT, descriptor).address());
      return ring.register(
          Libc.newErrnoCapture(arena), IORING_REGISTER_FILES_UPDATE, update, 1);
    }
  }

  private int updateBuffer(int index, long address, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment iovec = arena.allocate(IOVEC);
      IOV_BASE.set(iovec, 0L, address);
      IOV_LEN.set(iovec, 0L, length);
      MemorySegment update = arena.allocate(RSRC_UPDATE2);
      BUFFERS_OFFSET.set(update, 0L, index);
      BUFFERS_DATA.set(update, 0L, iovec.address());
      BUFFERS_NR.set(update, 0L, 1);
      return ring.register(
          Libc.newErrnoCapture(arena),
          IORING_REGISTER_BUFFERS_UPDATE,
          update,
          (int) RSRC_UPDATE2.byteSize());
    }
  }
}
