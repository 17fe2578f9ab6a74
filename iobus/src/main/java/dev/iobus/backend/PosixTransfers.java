package dev.iobus.backend;

import dev.iobus.posix.BsdFcntlAbi;
import dev.iobus.posix.Errno;
import dev.iobus.posix.FcntlAbi;
import dev.iobus.posix.FileCalls;
import dev.iobus.posix.Host;
import dev.iobus.posix.IovecAbi;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Reads and writes of files by the C library, with results in the kernel's convention. Those at an
/// offset wait for the device and are made on worker threads; those of streams answer at once.
///
/// Stateless; `errno` is memory of the calling thread.
final class PosixTransfers {

  private static final boolean LINUX = Host.current() == Host.LINUX;

  private PosixTransfers() {}

  static int read(MemorySegment errno, int fd, Request request) {
    long result;
    do {
      result =
          request.vectors.isEmpty()
              ? FileCalls.pread(errno, fd, buffer(request), request.length, request.offset)
              : FileCalls.preadv(
                  errno, fd, vectors(request), request.vectors.count(), request.offset);
    } while (result == -Errno.EINTR);
    return (int) result;
  }

  static int write(MemorySegment errno, int fd, Request request) {
    if (request.dsync || request.dontCache || request.atomic) {
      if (LINUX) {
        return writeWithFlags(errno, fd, request);
      }
      if (request.dontCache || request.atomic) {
        return -Errno.EOPNOTSUPP;
      }
    }
    long result;
    do {
      result =
          request.vectors.isEmpty()
              ? FileCalls.pwrite(errno, fd, buffer(request), request.length, request.offset)
              : FileCalls.pwritev(
                  errno, fd, vectors(request), request.vectors.count(), request.offset);
    } while (result == -Errno.EINTR);
    return request.dsync ? synced(errno, fd, (int) result) : (int) result;
  }

  /// As pwritev2(2), or two calls where that is missing and durability is all that was asked for.
  private static int writeWithFlags(MemorySegment errno, int fd, Request request) {
    int flags = request.dsync ? Libc.RWF_DSYNC : 0;
    flags |= request.dontCache ? Libc.RWF_DONTCACHE : 0;
    flags |= request.atomic ? Libc.RWF_ATOMIC : 0;
    if (request.vectors.isEmpty()) {
      return writeWithFlags(
          errno, fd, buffer(request), request.length, request.offset, flags);
    }
    long result;
    do {
      result =
          Libc.pwritev2(
              errno,
              fd,
              vectors(request),
              request.vectors.count(),
              request.offset,
              flags);
    } while (result == -Errno.EINTR);
    if (result == -Errno.ENOSYS) {
      return -Errno.EOPNOTSUPP;
    }
    return (int) result;
  }

  private static int writeWithFlags(
      MemorySegment errno, int fd, MemorySegment buffer, int length, long offset, int flags) {
    long result;
    try (Arena call = Arena.ofConfined()) {
      MemorySegment vector = call.allocate(IovecAbi.IOVEC);
      IovecAbi.set(vector, buffer, length);
      do {
        result = Libc.pwritev2(errno, fd, vector, 1, offset, flags);
      } while (result == -Errno.EINTR);
    }
    if (result != -Errno.ENOSYS) {
      return (int) result;
    }
    return flags == Libc.RWF_DSYNC
        ? writeAndSync(errno, fd, buffer, length, offset)
        : -Errno.EOPNOTSUPP;
  }

  /// Writes so that the bytes are on stable storage on return.
  static int writeDurable(
      MemorySegment errno, int fd, MemorySegment buffer, int length, long offset) {
    return LINUX
        ? writeWithFlags(errno, fd, buffer, length, offset, Libc.RWF_DSYNC)
        : writeAndSync(errno, fd, buffer, length, offset);
  }

  private static int writeAndSync(
      MemorySegment errno, int fd, MemorySegment buffer, int length, long offset) {
    long result;
    do {
      result = FileCalls.pwrite(errno, fd, buffer, length, offset);
    } while (result == -Errno.EINTR);
    return synced(errno, fd, (int) result);
  }

  private static int synced(MemorySegment errno, int fd, int written) {
    int result = written < 0 ? written : PosixFiles.sync(errno, fd, true);
    return result < 0 ? result : written;
  }

  /// Reads from or writes to what has no offsets and does not block. −EAGAIN: not now.
  static int stream(MemorySegment errno, int fd, Request request) {
    boolean reads = request.op == Op.READ;
    long result;
    do {
      if (!request.vectors.isEmpty()) {
        int count = request.vectors.count();
        result =
            reads
                ? FileCalls.readv(errno, fd, vectors(request), count)
                : FileCalls.writev(errno, fd, vectors(request), count);
      } else {
        result =
            reads
                ? Libc.read(errno, fd, buffer(request), request.length)
                : Libc.write(errno, fd, buffer(request), request.length);
      }
    } while (result == -Errno.EINTR);
    return (int) result;
  }

  /// A slice only where the transfer does not begin with the memory: slices are garbage.
  private static MemorySegment buffer(Request request) {
    return request.bufferOffset == 0
        ? request.buffer
        : request.buffer.asSlice(request.bufferOffset, request.length);
  }

  private static MemorySegment vectors(Request request) {
    return MemorySegment.ofAddress(request.vectors.encode());
  }

  /// Makes reads and writes answer −EAGAIN where they would block.
  static int makeNonBlocking(MemorySegment errno, int fd) {
    int flag = LINUX ? FcntlAbi.O_NONBLOCK : BsdFcntlAbi.O_NONBLOCK;
    int flags = FileCalls.fcntl(errno, fd, LINUX ? FcntlAbi.F_GETFL : BsdFcntlAbi.F_GETFL, 0);
    if (flags < 0 || (flags & flag) != 0) {
      return Math.min(flags, 0);
    }
    int set = LINUX ? FcntlAbi.F_SETFL : BsdFcntlAbi.F_SETFL;
    return FileCalls.fcntl(errno, fd, set, flags | flag);
  }
}
