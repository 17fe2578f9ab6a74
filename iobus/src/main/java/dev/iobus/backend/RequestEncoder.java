package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.FcntlAbi;
import dev.iobus.posix.Libc;
import dev.iobus.posix.StatxAbi;
import dev.iobus.uring.RingTables;
import dev.iobus.uring.SubmissionQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Turns requests into submission queue entries, and finishes what their completions leave to do.
/// [#fill] is called by one thread at a time, [#finish] by one thread at a time, also together.
final class RequestEncoder {

  // Constant after construction.
  private final Arena arena;
  private final SubmissionQueue submissions;
  private final InFlightTable inFlight;
  private final RingTables tables;
  private final boolean truncates;

  // Written by fill; an element is read by finish once its request has gone through the kernel.
  private final MemorySegment[] statxBuffers;

  // Owned by the submitting thread.
  private boolean runOpen;

  /// @param arena holds memory that the kernel writes to, until the ring is closed
  /// @param truncates whether the ring itself can truncate files
  RequestEncoder(
      Arena arena,
      SubmissionQueue submissions,
      InFlightTable inFlight,
      RingTables tables,
      boolean truncates) {
    this.arena = arena;
    this.submissions = submissions;
    this.inFlight = inFlight;
    this.tables = tables;
    this.truncates = truncates;
    statxBuffers = new MemorySegment[inFlight.capacity()];
  }

  /// Whether the last filled request is tied to one that is still to come.
  boolean runOpen() {
    return runOpen;
  }

  /// Marks a submission, where the kernel ends every run.
  void endRun() {
    runOpen = false;
  }

  /// Turns a request into a submission queue entry.
  void fill(Request request) {
    if (submissions.room() == 0) {
      throw new IllegalStateException(
          "the submission queue holds " + submissions.entries() + " requests; submit first");
    }
    checkTransfer(request);
    request.scratch = null;
    MemorySegment path = encode(request, request.path);
    MemorySegment target = encode(request, request.target);
    int fd = descriptor(request);
    long token = inFlight.add(request);
    int flags = sqeFlags(request);
    switch (request.op) {
      case NOP -> push(IORING_OP_NOP, flags, -1, 0, 0, 0, 0, token);
      case READ, WRITE -> pushTransfer(request, flags, token);
      case FSYNC -> push(IORING_OP_FSYNC, flags, fd, 0, 0, 0, 0, token);
      case FDATASYNC ->
          push(IORING_OP_FSYNC, flags, fd, 0, 0, 0, IORING_FSYNC_DATASYNC, token);
      case OPEN ->
          push(
              IORING_OP_OPENAT,
              flags,
              FcntlAbi.AT_FDCWD,
              0,
              path.address(),
              0600,
              openFlags(request.openBits),
              token);
      case CLOSE -> push(IORING_OP_CLOSE, flags, fd, 0, 0, 0, 0, token);
      case TRUNCATE -> pushTruncate(request, flags, fd, token);
      case RENAME ->
          push(
              IORING_OP_RENAMEAT,
              flags,
              FcntlAbi.AT_FDCWD,
              target.address(),
              path.address(),
              FcntlAbi.AT_FDCWD,
              0,
              token);
      case UNLINK ->
          push(
              IORING_OP_UNLINKAT, flags, FcntlAbi.AT_FDCWD, 0, path.address(), 0, 0, token);
      case STAT ->
          push(
              IORING_OP_STATX,
              flags,
              fd,
              statxBuffer(token).address(),
              NativePath.EMPTY.address(),
              StatxAbi.STATX_BASIC_STATS | StatxAbi.STATX_DIOALIGN,
              FcntlAbi.AT_EMPTY_PATH,
              token);
      case CANCEL ->
          push(IORING_OP_ASYNC_CANCEL, flags, -1, 0, inFlight.find(request.offset), 0, 0, token);
    }
    runOpen = request.link != Link.NONE;
  }

  private void push(
      int opcode, int flags, int fd, long off, long addr, int len, int opFlags, long token) {
    submissions.push(opcode, flags, fd, off, addr, len, opFlags, 0, token);
  }

  private void pushTransfer(Request request, int flags, long token) {
    boolean read = request.op == Op.READ;
    boolean registered = request.bufferIndex >= 0;
    int opcode =
        read
            ? registered ? IORING_OP_READ_FIXED : IORING_OP_READ
            : registered ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE;
    submissions.push(
        opcode,
        flags,
        request.file,
        request.offset,
        request.buffer.address(),
        request.length,
        !read && request.dsync ? RWF_DSYNC : 0,
        registered ? request.bufferIndex : 0,
        token);
  }

  /// Before 6.9 the ring cannot truncate. A lone request is then done here and its result carried
  /// by a NOP; one tied to others goes to the kernel, whose EINVAL cuts the run as it should.
  private void pushTruncate(Request request, int flags, int fd, long token) {
    boolean tied = runOpen || request.link != Link.NONE;
    if (truncates || tied) {
      int target = request.fixedFile ? request.file : fd;
      push(IORING_OP_FTRUNCATE, flags, target, request.offset, 0, 0, 0, token);
      return;
    }
    try (Arena call = Arena.ofConfined()) {
      request.scratch = Libc.ftruncate(Libc.newErrnoCapture(call), fd, request.offset);
    }
    push(IORING_OP_NOP, 0, -1, 0, 0, 0, 0, token);
  }

  private static void checkTransfer(Request request) {
    if (request.op != Op.READ && request.op != Op.WRITE) {
      return;
    }
    if (!request.buffer.isNative()) {
      throw new IllegalArgumentException("a buffer on the heap cannot be given to the kernel");
    }
    if (request.length < 0 || request.length > request.buffer.byteSize()) {
      throw new IllegalArgumentException(
          "length " + request.length + " is not in 0 to " + request.buffer.byteSize());
    }
  }

  /// What goes into the entry's `fd`: the slot where the operation takes registered files, else
  /// the descriptor.
  private int descriptor(Request request) {
    if (!request.fixedFile) {
      return request.file;
    }
    return switch (request.op) {
      case STAT -> tables.descriptor(request.file);
      case TRUNCATE -> truncates ? request.file : tables.descriptor(request.file);
      case CLOSE ->
          throw new IllegalArgumentException("close of slot " + request.file + ": unregister it");
      default -> request.file;
    };
  }

  private static int sqeFlags(Request request) {
    int link =
        switch (request.link) {
          case NONE -> 0;
          case CHAIN -> IOSQE_IO_LINK;
          case SERIALIZE -> IOSQE_IO_HARDLINK;
        };
    return request.fixedFile && request.op != Op.STAT ? link | IOSQE_FIXED_FILE : link;
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

  /// The kernel copies a path when it takes the entry; the memory is kept until the completion.
  private static MemorySegment encode(Request request, @Nullable Path path) {
    if (path == null) {
      return MemorySegment.NULL;
    }
    MemorySegment encoded = NativePath.encode(Arena.ofAuto(), path);
    request.scratch = request.scratch == null ? encoded : List.of(request.scratch, encoded);
    return encoded;
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
    switch (request.op) {
      case STAT -> {
        if (result >= 0) {
          fillStatus(request.status, statxBuffers[InFlightTable.slot(token)]);
        }
      }
      case TRUNCATE -> {
        if (request.scratch instanceof Integer answer) {
          return answer;
        }
      }
      default -> {}
    }
    return result;
  }

  private static void fillStatus(Request.Status status, MemorySegment statx) {
    status.size = StatxAbi.size(statx);
    status.directMemoryAlignment = StatxAbi.directMemoryAlignment(statx);
    status.directOffsetAlignment = StatxAbi.directOffsetAlignment(statx);
    status.blockSize = StatxAbi.blockSize(statx);
    status.device = StatxAbi.device(statx);
    status.inode = StatxAbi.inode(statx);
    status.directory = StatxAbi.isDirectory(statx);
  }
}
