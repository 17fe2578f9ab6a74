package dev.iobus.backend;

import dev.iobus.posix.BsdFcntlAbi;
import dev.iobus.posix.Errno;
import dev.iobus.posix.FcntlAbi;
import dev.iobus.posix.FileCalls;
import dev.iobus.posix.FileFacts;
import dev.iobus.posix.FreeBsdFcntlAbi;
import dev.iobus.posix.Host;
import dev.iobus.posix.Libc;
import dev.iobus.posix.MacFcntlAbi;
import dev.iobus.posix.StatxAbi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The blocking calls on files behind each [Op], on descriptors of the host and by its C library,
/// with results in the kernel's convention. Run on worker threads.
///
/// What hosts do differently is evened out here: flags of open(2), the flush of the drive on macOS,
/// and error numbers that say the same by other names.
///
/// Stateless; `errno` is memory of the calling thread.
final class PosixFiles {

  private static final Host HOST = Host.current();

  /// What direct transfers are aligned to where the host does not say: a page, which serves every
  /// sector size that is known.
  private static final int DIRECT_ALIGNMENT = 4096;

  private static final int FILE_MODE = 0600;
  private static final int DIRECTORY_MODE = 0700;

  private PosixFiles() {}

  /// Carries out a request on files.
  ///
  /// @param fd the descriptor of the file that it names
  static int call(Request request, int fd, MemorySegment errno) {
    try {
      return switch (request.op) {
        case READ -> PosixTransfers.read(errno, fd, request);
        case WRITE -> PosixTransfers.write(errno, fd, request);
        case FSYNC -> sync(errno, fd, false);
        case FDATASYNC -> sync(errno, fd, true);
        case OPEN, OPEN_REGISTERED -> open(errno, present(request.path), request.openBits);
        case TRUNCATE -> truncate(errno, fd, request.offset);
        case RENAME -> rename(errno, present(request.path), present(request.target));
        case UNLINK -> unlink(errno, present(request.path));
        case LINK -> link(errno, present(request.path), present(request.target));
        case CREATE_DIRECTORY -> createDirectory(present(request.path));
        case SYNC_RANGE -> {
          int how = FcntlAbi.SYNC_FILE_RANGE_WRITE_AND_WAIT;
          yield FileCalls.syncFileRange(
              errno, fd, request.offset, request.rangeLength, how);
        }
        case ALLOCATE ->
            FileCalls.fallocate(errno, fd, request.offset, request.rangeLength);
        case ADVISE ->
            FileCalls.fadvise(
                errno, fd, request.offset, request.rangeLength, request.advice);
        case STAT -> stat(errno, fd, request.status);
        default -> throw new AssertionError(request.op);
      };
    } catch (RuntimeException e) {
      request.scratch = e;
      return NioErrno.negated(e);
    }
  }

  /// Makes a file durable. On macOS that takes a call of its own, as fsync(2) leaves the bytes in
  /// the drive's cache there; file systems without it refuse it, and fsync(2) is all they have.
  static int sync(MemorySegment errno, int fd, boolean dataOnly) {
    int result;
    do {
      if (HOST == Host.MACOS) {
        result = FileCalls.fcntl(errno, fd, MacFcntlAbi.F_FULLFSYNC, 0);
        if (result == -Errno.EOPNOTSUPP || result == -Errno.ENOTTY) {
          result = Libc.fsync(errno, fd);
        }
      } else {
        result = dataOnly ? Libc.fdatasync(errno, fd) : Libc.fsync(errno, fd);
      }
    } while (result == -Errno.EINTR);
    return Math.min(result, 0);
  }

  static int open(MemorySegment errno, Path path, int bits) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment name = NativePath.encode(call, path);
      int flags = HOST == Host.LINUX ? linuxFlags(bits) : bsdFlags(bits);
      int fd;
      do {
        fd = FileCalls.open(errno, name, flags, FILE_MODE);
      } while (fd == -Errno.EINTR);
      if (fd == -Errno.EMLINK && HOST == Host.FREEBSD && has(bits, OpenBits.NO_FOLLOW)) {
        return -Errno.ELOOP; // As POSIX and the others have it.
      }
      if (fd >= 0 && HOST == Host.MACOS && has(bits, OpenBits.DIRECT)) {
        int refused = FileCalls.fcntl(errno, fd, MacFcntlAbi.F_NOCACHE, 1);
        if (refused < 0) {
          Libc.close(errno, fd);
          return refused;
        }
      }
      return fd;
    }
  }

  private static int linuxFlags(int bits) {
    int flags = FcntlAbi.O_CLOEXEC | access(bits);
    flags |= has(bits, OpenBits.CREATE) ? FcntlAbi.O_CREAT : 0;
    flags |= has(bits, OpenBits.EXCLUSIVE) ? FcntlAbi.O_EXCL : 0;
    flags |= has(bits, OpenBits.TRUNCATE) ? FcntlAbi.O_TRUNC : 0;
    flags |= has(bits, OpenBits.DIRECT) ? FcntlAbi.O_DIRECT : 0;
    flags |= has(bits, OpenBits.DIRECTORY) ? FcntlAbi.O_DIRECTORY : 0;
    flags |= has(bits, OpenBits.NO_FOLLOW) ? FcntlAbi.O_NOFOLLOW : 0;
    return flags;
  }

  private static int bsdFlags(int bits) {
    boolean mac = HOST == Host.MACOS;
    int directory = mac ? MacFcntlAbi.O_DIRECTORY : FreeBsdFcntlAbi.O_DIRECTORY;
    int flags = access(bits) | (mac ? MacFcntlAbi.O_CLOEXEC : FreeBsdFcntlAbi.O_CLOEXEC);
    flags |= has(bits, OpenBits.CREATE) ? BsdFcntlAbi.O_CREAT : 0;
    flags |= has(bits, OpenBits.EXCLUSIVE) ? BsdFcntlAbi.O_EXCL : 0;
    flags |= has(bits, OpenBits.TRUNCATE) ? BsdFcntlAbi.O_TRUNC : 0;
    flags |= has(bits, OpenBits.DIRECT) && !mac ? FreeBsdFcntlAbi.O_DIRECT : 0;
    flags |= has(bits, OpenBits.DIRECTORY) ? directory : 0;
    flags |= has(bits, OpenBits.NO_FOLLOW) ? BsdFcntlAbi.O_NOFOLLOW : 0;
    return flags;
  }

  /// These three numbers are the same everywhere.
  private static int access(int bits) {
    boolean reads = has(bits, OpenBits.READ);
    boolean writes = has(bits, OpenBits.WRITE);
    return writes ? (reads ? FcntlAbi.O_RDWR : FcntlAbi.O_WRONLY) : FcntlAbi.O_RDONLY;
  }

  private static boolean has(int bits, int bit) {
    return (bits & bit) != 0;
  }

  private static int truncate(MemorySegment errno, int fd, long length) {
    int result;
    do {
      result = Libc.ftruncate(errno, fd, length);
    } while (result == -Errno.EINTR);
    return result;
  }

  private static int rename(MemorySegment errno, Path from, Path to) {
    try (Arena call = Arena.ofConfined()) {
      return FileCalls.rename(
          errno, NativePath.encode(call, from), NativePath.encode(call, to));
    }
  }

  private static int link(MemorySegment errno, Path existing, Path path) {
    try (Arena call = Arena.ofConfined()) {
      return FileCalls.link(
          errno, NativePath.encode(call, existing), NativePath.encode(call, path));
    }
  }

  /// The BSD family says of a directory that the operation is not permitted.
  private static int unlink(MemorySegment errno, Path path) {
    try (Arena call = Arena.ofConfined()) {
      int result = FileCalls.unlink(errno, NativePath.encode(call, path));
      boolean ofDirectory =
          result == -Errno.EPERM && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
      return ofDirectory ? -Errno.EISDIR : result;
    }
  }

  private static int stat(MemorySegment errno, int fd, Request.Status status) {
    if (HOST == Host.LINUX) {
      try (Arena call = Arena.ofConfined()) {
        MemorySegment statx = call.allocate(StatxAbi.STATX);
        int result = FileCalls.statx(errno, fd, statx);
        if (result == 0) {
          FileEncoder.fillStatus(status, statx);
        }
        return result;
      }
    }
    FileFacts facts = FileCalls.fstat(errno, fd);
    if (facts == null) {
      return -Errno.EBADF;
    }
    boolean regular = (facts.mode() & ModeBits.S_IFMT) == ModeBits.S_IFREG;
    status.size = facts.size();
    status.mode = facts.mode();
    status.permitted = true;
    status.modifiedSeconds = facts.modifiedSeconds();
    status.modifiedNanos = facts.modifiedNanos();
    status.allocated = facts.allocated();
    status.directMemoryAlignment = regular ? DIRECT_ALIGNMENT : 0;
    status.directOffsetAlignment = regular ? DIRECT_ALIGNMENT : 0;
    status.atomicWriteMin = 0;
    status.atomicWriteMax = 0;
    status.atomicWriteParts = 0;
    status.blockSize = Math.max(1, facts.blockSize());
    status.device = facts.device();
    status.inode = facts.inode();
    return 0;
  }

  /// A second descriptor of the same open file, and so of its lock; or a negated error number.
  static int duplicate(int fd) {
    int command =
        switch (HOST) {
          case MACOS -> MacFcntlAbi.F_DUPFD_CLOEXEC;
          case FREEBSD -> FreeBsdFcntlAbi.F_DUPFD_CLOEXEC;
          case LINUX, OTHER -> FcntlAbi.F_DUPFD_CLOEXEC;
        };
    try (Arena call = Arena.ofConfined()) {
      return FileCalls.fcntl(Libc.newErrnoCapture(call), fd, command, 0);
    }
  }

  /// An OFD lock on Linux, that of flock(2) elsewhere: both belong to the open file, and end with
  /// its last descriptor.
  static int lock(int fd) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      int answer;
      if (HOST == Host.LINUX) {
        MemorySegment flock = call.allocate(FcntlAbi.FLOCK);
        FcntlAbi.wholeFileWriteLock(flock);
        answer = Libc.fcntl(errno, fd, FcntlAbi.F_OFD_SETLK, flock);
      } else {
        answer = FileCalls.flock(errno, fd, BsdFcntlAbi.LOCK_EX | BsdFcntlAbi.LOCK_NB);
      }
      return answer == -Errno.EACCES ? -Errno.EAGAIN : Math.min(answer, 0);
    }
  }

  static int createDirectory(Path path) {
    try (Arena call = Arena.ofConfined()) {
      return Libc.mkdir(
          Libc.newErrnoCapture(call), NativePath.encode(call, path), DIRECTORY_MODE);
    }
  }

  private static Path present(@Nullable Path path) {
    if (path == null) {
      throw new IllegalArgumentException("the request has no path");
    }
    return path;
  }
}
