package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.FcntlAbi;
import dev.iobus.posix.Libc;
import dev.iobus.posix.StatxAbi;
import dev.iobus.uring.RingTables;
import dev.iobus.uring.SubmissionQueue;
import dev.iobus.uring.UringFeatures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Turns requests on files and names into submission queue entries, and finishes what their
/// completions leave to do. Threads as in [RequestEncoder].
final class FileEncoder {

  // Constant after construction.
  private final Arena arena;
  private final SubmissionQueue submissions;
  private final RingTables tables;
  private final UringFeatures features;

  // Written by fill; an element is read by finish once its request has gone through the kernel.
  private final @Nullable MemorySegment[] statxBuffers;

  // Owned by the submitting thread; of the request between check and fill.
  private long path;
  private long target;
  private int fd;

  /// @param arena holds memory that the kernel writes to, until the ring is closed
  /// @param capacity requests in flight
  FileEncoder(
      Arena arena,
      SubmissionQueue submissions,
      RingTables tables,
      UringFeatures features,
      int capacity) {
    this.arena = arena;
    this.submissions = submissions;
    this.tables = tables;
    this.features = features;
    statxBuffers = new MemorySegment[capacity];
  }

  /// Does what can fail before the request is counted as in flight.
  ///
  /// @throws IllegalArgumentException for a request that the kernel cannot be given
  void check(Request request) {
    checkTransfer(request);
    path = encode(request, request.path);
    target = encode(request, request.target);
    fd = descriptor(request);
  }

  /// Fills an entry for the request that was checked last.
  ///
  /// @param link the flags that tie it to the next one
  /// @param behind whether it is tied to the one before it
  void fill(Request request, int link, long token, boolean behind) {
    boolean tied = behind || request.link != Link.NONE;
    int flags = takesSlot(request) ? link | IOSQE_FIXED_FILE : link;
    switch (request.op) {
      case READ, WRITE -> pushTransfer(request, flags, token);
      case FSYNC -> push(IORING_OP_FSYNC, flags, fd, 0, 0, 0, 0, token);
      case FDATASYNC ->
          push(IORING_OP_FSYNC, flags, fd, 0, 0, 0, IORING_FSYNC_DATASYNC, token);
      case SYNC_RANGE -> {
        int length = shortLength(request);
        int how = FcntlAbi.SYNC_FILE_RANGE_WRITE_AND_WAIT;
        push(IORING_OP_SYNC_FILE_RANGE, flags, fd, request.offset, 0, length, how, token);
      }
      case ALLOCATE -> {
        long length = request.rangeLength;
        push(IORING_OP_FALLOCATE, flags, fd, request.offset, length, 0, 0, token);
      }
      case ADVISE -> {
        int length = shortLength(request);
        push(IORING_OP_FADVISE, flags, fd, request.offset, 0, length, request.advice, token);
      }
      case OPEN -> {
        int how = openFlags(request.openBits);
        push(IORING_OP_OPENAT, flags, FcntlAbi.AT_FDCWD, 0, path, 0600, how, token);
      }
      case OPEN_REGISTERED -> pushOpenInto(request, flags, token, behind);
      case CLOSE -> {
        if (request.fixedFile) {
          pushCloseSlot(request, flags, token, tied);
        } else {
          push(IORING_OP_CLOSE, flags, fd, 0, 0, 0, 0, token);
        }
      }
      case TRUNCATE -> pushTruncate(request, flags, token, tied);
      case RENAME -> {
        int from = FcntlAbi.AT_FDCWD;
        push(IORING_OP_RENAMEAT, flags, from, target, path, FcntlAbi.AT_FDCWD, 0, token);
      }
      case LINK -> pushLink(request, flags, token, tied);
      case CREATE_DIRECTORY -> pushMkdir(request, flags, token, tied);
      case UNLINK -> push(IORING_OP_UNLINKAT, flags, FcntlAbi.AT_FDCWD, 0, path, 0, 0, token);
      case STAT -> {
        long answer = statxBuffer(token).address();
        long empty = NativePath.EMPTY.address();
        int what =
            StatxAbi.STATX_BASIC_STATS | StatxAbi.STATX_DIOALIGN | StatxAbi.STATX_WRITE_ATOMIC;
        push(IORING_OP_STATX, flags, fd, answer, empty, what, FcntlAbi.AT_EMPTY_PATH, token);
      }
      default -> throw new AssertionError(request.op);
    }
  }

  /// Fills an entry for a transfer of one part of memory, alone.
  void fillPlain(Request request, Op op, long token) {
    boolean reads = op == Op.READ;
    boolean registered = request.bufferIndex >= 0 && !request.atomic;
    submissions.push(
        opcode(reads, false, registered),
        request.fixedFile ? IOSQE_FIXED_FILE : 0,
        request.file,
        request.offset,
        request.buffer.address() + request.bufferOffset,
        request.length,
        reads ? 0 : writeFlags(request),
        registered ? request.bufferIndex : 0,
        token);
  }

  private void push(
      int opcode, int flags, int fd, long off, long addr, int len, int opFlags, long token) {
    submissions.push(opcode, flags, fd, off, addr, len, opFlags, 0, token);
  }

  /// An atomic write names its memory by address alone: the kernel takes no registered buffer for
  /// it (`generic_atomic_write_valid` of `fs/read_write.c`).
  private void pushTransfer(Request request, int flags, long token) {
    boolean vectored = !request.vectors.isEmpty();
    boolean registered = request.bufferIndex >= 0 && !request.atomic;
    if (vectored && !features.has(IORING_OP_READV_FIXED)) {
      registered = false; // Before 6.15. The same bytes move, and pages are looked up once more.
    }
    submissions.push(
        opcode(request.op == Op.READ, vectored, registered),
        flags,
        request.file,
        request.offset,
        vectored ? request.vectors.encode() : request.buffer.address() + request.bufferOffset,
        vectored ? request.vectors.count() : request.length,
        request.op == Op.READ ? 0 : writeFlags(request),
        registered ? request.bufferIndex : 0,
        token);
  }

  private static int opcode(boolean read, boolean vectored, boolean registered) {
    if (vectored) {
      return read
          ? registered ? IORING_OP_READV_FIXED : IORING_OP_READV
          : registered ? IORING_OP_WRITEV_FIXED : IORING_OP_WRITEV;
    }
    return read
        ? registered ? IORING_OP_READ_FIXED : IORING_OP_READ
        : registered ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE;
  }

  private static int writeFlags(Request request) {
    int flags = request.dsync ? RWF_DSYNC : 0;
    flags |= request.dontCache ? RWF_DONTCACHE : 0;
    flags |= request.atomic ? RWF_ATOMIC : 0;
    return flags;
  }

  /// The entry has 32 bits for the length; what is longer goes to the end of the file, as 0 says.
  private static int shortLength(Request request) {
    return request.rangeLength > 0xffff_ffffL ? 0 : (int) request.rangeLength;
  }

  /// What the ring lacks is done here where the request stands alone. One that is tied to others
  /// goes to the kernel, whose EINVAL cuts the run as it should.
  private boolean takes(int opcode, boolean tied) {
    return tied || features.has(opcode);
  }

  /// Lets an entry that does nothing carry a result that is known already.
  private void carry(Request request, int result, int flags, long token) {
    request.scratch = result;
    push(IORING_OP_NOP, flags & ~IOSQE_FIXED_FILE, -1, 0, 0, 0, 0, token);
  }

  /// A file that a slot alone holds cannot be inherited, so that the kernel refuses O_CLOEXEC.
  private void pushOpenInto(Request request, int flags, long token, boolean behind) {
    int how = openFlags(request.openBits) & ~FcntlAbi.O_CLOEXEC;
    if (features.resolvesSlotsLate()) {
      push(IORING_OP_OPENAT, flags, FcntlAbi.AT_FDCWD, 0, path, 0600, how, token);
      submissions.setSlot(request.file);
      return;
    }
    // Such a kernel looks at the slots of a whole run when the run is submitted. So the file is put
    // there now, which is right where no request before it in the run is to come first.
    int answer = behind ? -Errno.EOPNOTSUPP : openNow(request);
    request.scratch = answer;
    if (answer < 0) {
      push(IORING_OP_CLOSE, flags, -1, 0, 0, 0, 0, token); // Fails, and cuts a chain.
    } else {
      push(IORING_OP_NOP, flags, -1, 0, 0, 0, 0, token);
    }
  }

  private int openNow(Request request) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      MemorySegment name = MemorySegment.ofAddress(path);
      int opened = Libc.open(errno, name, openFlags(request.openBits), 0600);
      if (opened < 0) {
        return opened;
      }
      int answer = tables.setFile(request.file, opened);
      Libc.close(errno, opened);
      return answer;
    }
  }

  private void pushCloseSlot(Request request, int flags, long token, boolean tied) {
    if (features.resolvesSlotsLate() || tied) {
      push(IORING_OP_CLOSE, flags, 0, 0, 0, 0, 0, token);
      submissions.setSlot(request.file);
    } else {
      carry(request, tables.setFile(request.file, -1), flags, token);
    }
  }

  private void pushLink(Request request, int flags, long token, boolean tied) {
    int from = FcntlAbi.AT_FDCWD;
    if (takes(IORING_OP_LINKAT, tied)) {
      push(IORING_OP_LINKAT, flags, from, target, path, FcntlAbi.AT_FDCWD, 0, token);
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      MemorySegment existing = MemorySegment.ofAddress(path);
      MemorySegment link = MemorySegment.ofAddress(target);
      carry(request, Libc.link(Libc.newErrnoCapture(call), existing, link), flags, token);
    }
  }

  private void pushMkdir(Request request, int flags, long token, boolean tied) {
    if (takes(IORING_OP_MKDIRAT, tied)) {
      push(IORING_OP_MKDIRAT, flags, FcntlAbi.AT_FDCWD, 0, path, 0700, 0, token);
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      MemorySegment name = MemorySegment.ofAddress(path);
      carry(request, Libc.mkdir(Libc.newErrnoCapture(call), name, 0700), flags, token);
    }
  }

  private void pushTruncate(Request request, int flags, long token, boolean tied) {
    if (takes(IORING_OP_FTRUNCATE, tied)) {
      int target = request.fixedFile ? request.file : fd;
      push(IORING_OP_FTRUNCATE, flags, target, request.offset, 0, 0, 0, token);
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      boolean slotOnly = request.fixedFile && fd < 0;
      int answer =
          slotOnly ? -Errno.EOPNOTSUPP : Libc.ftruncate(errno, fd, request.offset);
      carry(request, answer, flags, token);
    }
  }

  private static void checkTransfer(Request request) {
    if (request.op != Op.READ && request.op != Op.WRITE) {
      return;
    }
    Vectors vectors = request.vectors;
    long room = 0;
    for (int i = 0; i < vectors.count(); i++) {
      checkNative(vectors.part(i));
      room += vectors.part(i).byteSize();
    }
    if (vectors.isEmpty()) {
      checkNative(request.buffer);
      room = request.buffer.byteSize() - request.bufferOffset;
    }
    if (request.length < 0 || request.length > room) {
      throw new IllegalArgumentException("length " + request.length + " is not in 0 to " + room);
    }
  }

  private static void checkNative(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("a buffer on the heap cannot be given to the kernel");
    }
  }

  /// Whether the entry names the file by its slot.
  private static boolean takesSlot(Request request) {
    return switch (request.op) {
      case STAT, OPEN_REGISTERED, CLOSE -> false;
      default -> request.fixedFile;
    };
  }

  /// What goes into the entry's `fd`: the slot where the operation takes registered files, else
  /// the descriptor.
  private int descriptor(Request request) {
    if (!request.fixedFile) {
      return request.file;
    }
    return switch (request.op) {
      case STAT -> tables.descriptor(request.file);
      case TRUNCATE ->
          features.has(IORING_OP_FTRUNCATE) ? request.file : tables.descriptor(request.file);
      default -> request.file;
    };
  }

  private static int openFlags(int bits) {
    int access = bits & (OpenBits.READ | OpenBits.WRITE);
    int flags = FcntlAbi.O_CLOEXEC;
    flags |=
        access == OpenBits.WRITE
            ? FcntlAbi.O_WRONLY
            : access == (OpenBits.READ | OpenBits.WRITE) ? FcntlAbi.O_RDWR : FcntlAbi.O_RDONLY;
    flags |= (bits & OpenBits.CREATE) != 0 ? FcntlAbi.O_CREAT : 0;
    flags |= (bits & OpenBits.EXCLUSIVE) != 0 ? FcntlAbi.O_EXCL : 0;
    flags |= (bits & OpenBits.TRUNCATE) != 0 ? FcntlAbi.O_TRUNC : 0;
    flags |= (bits & OpenBits.DIRECT) != 0 ? FcntlAbi.O_DIRECT : 0;
    flags |= (bits & OpenBits.DIRECTORY) != 0 ? FcntlAbi.O_DIRECTORY : 0;
    flags |= (bits & OpenBits.NO_FOLLOW) != 0 ? FcntlAbi.O_NOFOLLOW : 0;
    return flags;
  }

  /// The address of an encoded path, 0 for none. The kernel copies a path when it takes the entry;
  /// the memory is kept until the completion.
  private static long encode(Request request, @Nullable Path path) {
    if (path == null) {
      return 0;
    }
    MemorySegment encoded = NativePath.encode(Arena.ofAuto(), path);
    request.scratch = request.scratch == null ? encoded : List.of(request.scratch, encoded);
    return encoded.address();
  }

  /// Memory for the answer to STAT, one for each slot of the in-flight table, made on first use.
  private MemorySegment statxBuffer(long token) {
    int slot = InFlightTable.slot(token);
    MemorySegment buffer = statxBuffers[slot];
    if (buffer == null) {
      buffer = arena.allocate(StatxAbi.STATX);
      statxBuffers[slot] = buffer;
    }
    return buffer;
  }

  /// Does what a completion leaves to the backend. Returns the result to pass on.
  int finish(Request request, long token, int result) {
    if (request.scratch instanceof Integer answer) {
      return answer;
    }
    return switch (request.op) {
      case STAT -> {
        if (result >= 0) {
          fillStatus(request.status, statxBuffer(token));
        }
        // The kernel was given −1 for a file without a descriptor.
        yield request.fixedFile && result == -Errno.EBADF ? -Errno.EOPNOTSUPP : result;
      }
      case CLOSE -> {
        boolean missing = request.fixedFile && !features.resolvesSlotsLate();
        yield missing && result == -Errno.EINVAL ? -Errno.EOPNOTSUPP : result;
      }
      case TRUNCATE -> orMissing(IORING_OP_FTRUNCATE, result);
      case LINK -> orMissing(IORING_OP_LINKAT, result);
      case CREATE_DIRECTORY -> orMissing(IORING_OP_MKDIRAT, result);
      default -> result;
    };
  }

  /// The EINVAL of a kernel that does not know the operation says that it is not there.
  private int orMissing(int opcode, int result) {
    return result == -Errno.EINVAL && !features.has(opcode) ? -Errno.EOPNOTSUPP : result;
  }

  static void fillStatus(Request.Status status, MemorySegment statx) {
    status.size = StatxAbi.size(statx);
    status.mode = StatxAbi.mode(statx);
    status.permitted = true;
    status.modifiedSeconds = StatxAbi.modifiedSeconds(statx);
    status.modifiedNanos = StatxAbi.modifiedNanos(statx);
    status.allocated = StatxAbi.allocated(statx);
    status.directMemoryAlignment = StatxAbi.directMemoryAlignment(statx);
    status.directOffsetAlignment = StatxAbi.directOffsetAlignment(statx);
    status.atomicWriteMin = StatxAbi.atomicWriteMin(statx);
    status.atomicWriteMax = StatxAbi.atomicWriteMax(statx);
    status.atomicWriteParts = StatxAbi.atomicWriteSegmentsMax(statx);
    status.blockSize = StatxAbi.blockSize(statx);
    status.device = StatxAbi.device(statx);
    status.inode = StatxAbi.inode(statx);
  }
}
