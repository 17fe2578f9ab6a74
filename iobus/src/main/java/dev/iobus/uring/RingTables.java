package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;

/// The files and buffers that a ring knows by number. Thread-safe; on a ring for one owner the
/// kernel lets only that owner register.
///
/// The table of files is made when the first file needs it, with as many slots as there can ever be
/// use for, and is never replaced. The kernel cannot make a table longer. To take a full one away and
/// give a longer one would need descriptors for all files, which those that were opened into their
/// slots do not have, and a moment without requests: one that has not begun, such as a sync that
/// waits for a worker thread of the kernel, would find its slot empty in between. An empty slot costs
/// 8 bytes and 1 ns (measured on 6.18: 16,384 slots are made in 16 µs, and take 128 KiB).
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

  private static final int SLOTS_AT_FIRST = 16;

  // Constant after construction.
  private final Ring ring;
  private final int filesMax;
  private final int bufferTable;

  // Guarded by this.
  private boolean hasFileTable;
  private int fileRefusal;
  private int slots;
  /// Of the slots up to the last that was used.
  private int[] descriptors = new int[SLOTS_AT_FIRST];
  private final BitSet usedFiles = new BitSet();
  private final BitSet usedBuffers = new BitSet();

  /// Gives a ring its empty tables. A refusal shows at the first registration, as its answer.
  ///
  /// @param filesMax slots for files at most; the kernel wants no more than the process may open
  ///     files
  public RingTables(Ring ring, int filesMax) {
    this.ring = ring;
    this.filesMax = filesMax;
    bufferTable = newBufferTable();
    if (!ring.features().updatesBuffers()) {
      // Such a kernel, before 5.13, waits until nothing is in flight before it takes a table.
      makeFileTable();
    }
  }

  /// 0, or the negated error number that refused the table of files when it was needed; `-ENFILE`
  /// where none was asked for.
  public synchronized int fileRefusal() {
    return fileRefusal;
  }

  /// 0, or the negated error number that refused the table of buffers.
  public int bufferRefusal() {
    return Math.min(0, bufferTable);
  }

  /// Puts an open file into a free slot. Returns the slot; `-ENFILE` when none is free.
  public synchronized int registerFile(int descriptor) {
    int slot = freeSlot();
    if (slot < 0) {
      return slot;
    }
    int answer = updateFile(slot, descriptor);
    if (answer < 0) {
      return answer;
    }
    use(slot, descriptor);
    return slot;
  }

  /// Takes a free slot and leaves it empty. Returns the slot; `-ENFILE` when none is free.
  public synchronized int reserveFile() {
    int slot = freeSlot();
    if (slot >= 0) {
      use(slot, -1);
    }
    return slot;
  }

  private int freeSlot() {
    if (!hasFileTable) {
      makeFileTable();
    }
    if (fileRefusal < 0) {
      return fileRefusal;
    }
    int slot = usedFiles.nextClearBit(0);
    return slot < slots ? slot : -Errno.ENFILE;
  }

  private void use(int slot, int descriptor) {
    if (slot == descriptors.length) {
      descriptors = Arrays.copyOf(descriptors, 2 * slot);
    }
    usedFiles.set(slot);
    descriptors[slot] = descriptor;
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

  /// Knows a buffer as another shared ring does, whose pages are then pinned once for both. Returns its
  /// number here, or a negated error number: `-EOPNOTSUPP` on a kernel that cannot, `-ENOBUFS` when
  /// there is no place behind those in use.
  ///
  /// @param index of the buffer with the other ring, which keeps it meanwhile
  public synchronized int cloneBuffer(RingTables source, int index) {
    if (bufferTable < 0 || !ring.features().clonesBuffers()) {
      return -Errno.EOPNOTSUPP;
    }
    int place = usedBuffers.length();
    if (place == BUFFERS) {
      return -Errno.number("ENOBUFS");
    }
    int answer = BufferClones.add(ring, place, source.ring, index);
    if (answer < 0) {
      return answer;
    }
    usedBuffers.set(place);
    return place;
  }

  /// Lets go of a buffer once no request uses it any more; the last ring to know it unpins it.
  public synchronized void unregisterBuffer(int index) {
    if (!usedBuffers.get(index)) {
      throw new IllegalArgumentException("no registered buffer " + index);
    }
    if (updateBuffer(index, 0, 0) >= 0) {
      usedBuffers.clear(index);
    } // Else the kernel, short of memory, keeps the pages until the ring ends, which harms nobody.
  }

  /// Lets go of all files and buffers at once, so that no lock and no pinned memory outlives the
  /// ring: the kernel frees a closed ring in its own time (liburing issue 1627).
  public synchronized void close() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(arena);
      if (hasFileTable && fileRefusal == 0) {
        ring.register(errno, IORING_UNREGISTER_FILES, MemorySegment.NULL, 0);
      }
      if (bufferTable >= 0) {
        ring.register(errno, IORING_UNREGISTER_BUFFERS, MemorySegment.NULL, 0);
      }
    }
  }

  /// Makes the largest table of files that is wanted and granted. A refusal is kept.
  private void makeFileTable() {
    hasFileTable = true;
    int size = filesMax;
    int answer = size > 0 ? newFileTable(size) : -Errno.ENFILE;
    if (answer == -Errno.EMFILE) {
      size = (int) Math.min(size, Libc.openFilesMax());
      answer = newFileTable(size);
    }
    while (answer == -Errno.EMFILE && size > 1) {
      size /= 2; // Before 5.19 the kernel has a limit of its own.
      answer = newFileTable(size);
    }
    fileRefusal = Math.min(answer, 0);
    slots = size;
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
