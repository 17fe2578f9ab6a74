package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The blocking calls behind each [Op], with results in the kernel's convention: 0 or more, or a
/// negated error number. Run on worker threads. Stateless.
final class NioCalls {

  private static final boolean POSIX =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
  private static final FileAttribute<?>[] FILE_MODE = mode("rw-------");
  private static final FileAttribute<?>[] DIRECTORY_MODE = mode("rwx------");

  private NioCalls() {}

  /// Carries the request out. The exception behind a negative result is left in
  /// [Request#scratch].
  static int call(Request request, @Nullable NioDescription file) {
    try {
      return switch (request.op) {
        case NOP -> 0;
        case OPEN -> open(request);
        case OPEN_REGISTERED -> openInto(request);
        case CLOSE -> request.fixedFile ? empty(request.file) : close(request);
        case RENAME -> rename(present(request.path), present(request.target));
        case UNLINK -> unlink(present(request.path));
        case LINK -> link(present(request.path), present(request.target));
        case CREATE_DIRECTORY -> createDirectory(present(request.path));
        case READ, WRITE, FSYNC, FDATASYNC, SYNC_RANGE, TRUNCATE, ALLOCATE, ADVISE, STAT ->
            switch (file) {
              case null -> -Errno.EBADF;
              case NioFile regular -> callOnFile(request, regular);
              case NioSocket socket -> -Errno.EINVAL;
            };
        case SOCKET, CONNECT, BIND, LISTEN, ACCEPT, SEND, RECV, SEND_MESSAGE, RECV_MESSAGE,
            SHUTDOWN, POLL, TIMEOUT, CANCEL, INBOX ->
            throw new AssertionError(request.op);
      };
    } catch (IOException | RuntimeException | Error e) {
      request.scratch = e;
      return NioErrno.negated(e);
    }
  }

  private static int callOnFile(Request request, NioFile file) throws IOException {
    return switch (request.op) {
      case READ -> read(request, file);
      case WRITE -> write(request, file);
      case FSYNC -> sync(file, true);
      case FDATASYNC -> sync(file, false);
      case SYNC_RANGE -> -Errno.EOPNOTSUPP;
      case TRUNCATE -> NioLengths.truncate(file, request.offset);
      case ALLOCATE -> NioLengths.allocate(file, request.offset, request.rangeLength);
      case ADVISE -> 0; // Advice may be left unheeded, and here it always is.
      case STAT -> stat(request.status, file);
      default -> throw new AssertionError(request.op);
    };
  }

  static int createDirectory(Path path) throws IOException {
    Files.createDirectory(path, DIRECTORY_MODE);
    return 0;
  }

  private static int open(Request request) throws IOException {
    int refusal = refusal(request);
    return refusal < 0 ? refusal : NioFiles.add(newFile(request));
  }

  private static int openInto(Request request) throws IOException {
    int refusal = refusal(request);
    if (refusal < 0) {
      return refusal;
    }
    NioDescription before = NioFiles.exchange(request.file, newFile(request));
    if (before != null) {
      NioFiles.release(before);
    }
    return 0;
  }

  /// Closes what is in a slot.
  private static int empty(int slot) throws IOException {
    NioDescription before = NioFiles.exchange(slot, null);
    if (before == null) {
      return -Errno.EBADF;
    }
    NioFiles.release(before);
    return 0;
  }

  /// What open(2) refuses and `java.nio` does not, and a pipe, whose open waits for its other end, where
  /// nobody could make the worker give up; 0 for nothing.
  private static int refusal(Request request) {
    Path path = present(request.path);
    int bits = request.openBits;
    boolean writes = has(bits, OpenBits.WRITE);
    // `java.nio` silently ignores CREATE and TRUNCATE without WRITE; open(2) does not.
    if (!writes && (has(bits, OpenBits.CREATE) || has(bits, OpenBits.TRUNCATE))) {
      return -Errno.EINVAL;
    }
    BasicFileAttributes there = attributesOf(path, links(bits));
    if (there == null) {
      return 0;
    }
    if (has(bits, OpenBits.DIRECTORY) && !there.isDirectory()) {
      return -Errno.ENOTDIR;
    }
    boolean opens = !has(bits, OpenBits.EXCLUSIVE); // Or fails as it exists.
    return opens && there.isOther() && isPipe(path, links(bits)) ? -Errno.EOPNOTSUPP : 0;
  }

  /// Null where there is nothing, or nothing that can be told of: the open says why.
  private static @Nullable BasicFileAttributes attributesOf(Path path, LinkOption[] links) {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class, links);
    } catch (IOException e) {
      return null;
    }
  }

  private static boolean isPipe(Path path, LinkOption[] links) {
    try {
      return Files.getAttribute(path, "unix:mode", links) instanceof Integer mode
          && (mode & ModeBits.S_IFMT) == ModeBits.S_IFIFO;
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return false; // Gone again, or a host without them.
    }
  }

  private static NioFile newFile(Request request) throws IOException {
    Path path = present(request.path);
    int bits = request.openBits;
    FileChannel channel = FileChannel.open(path, options(bits), FILE_MODE);
    try {
      boolean isDirectory = has(bits, OpenBits.DIRECTORY) || Files.isDirectory(path);
      return new NioFile(channel, path, isDirectory, has(bits, OpenBits.DIRECT));
    } catch (RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private static Set<OpenOption> options(int bits) {
    Set<OpenOption> options = new HashSet<>();
    if (has(bits, OpenBits.READ) || !has(bits, OpenBits.WRITE)) {
      options.add(StandardOpenOption.READ);
    }
    if (has(bits, OpenBits.WRITE)) {
      options.add(StandardOpenOption.WRITE);
    }
    if (has(bits, OpenBits.CREATE)) {
      options.add(
          has(bits, OpenBits.EXCLUSIVE)
              ? StandardOpenOption.CREATE_NEW
              : StandardOpenOption.CREATE);
    }
    if (has(bits, OpenBits.TRUNCATE)) {
      options.add(StandardOpenOption.TRUNCATE_EXISTING);
    }
    if (has(bits, OpenBits.DIRECT)) {
      options.add(direct());
    }
    if (has(bits, OpenBits.NO_FOLLOW)) {
      options.add(LinkOption.NOFOLLOW_LINKS);
    }
    return options;
  }

  /// The JDK's option for O_DIRECT. It is looked up by name because javac warns of every mention of
  /// the type in a way that no option short of an undocumented one can quieten.
  private static OpenOption direct() {
    try {
      Class<?> type = Class.forName("com.sun.nio.file.ExtendedOpenOption");
      for (Object option : type.getEnumConstants()) {
        if (option.toString().equals("DIRECT")) {
          return (OpenOption) option;
        }
      }
    } catch (ClassNotFoundException e) {
      // A run-time image without jdk.unsupported: falls through to "not supported".
    }
    throw new UnsupportedOperationException("this JDK offers no direct transfers");
  }

  private static LinkOption[] links(int bits) {
    return has(bits, OpenBits.NO_FOLLOW)
        ? new LinkOption[] {LinkOption.NOFOLLOW_LINKS}
        : new LinkOption[0];
  }

  static int close(Request request) throws IOException {
    NioDescription file = NioFiles.retain(request.file, false);
    if (file == null || !NioFiles.closeDescriptor(request.file)) {
      if (file != null) {
        NioFiles.release(file);
      }
      return -Errno.EBADF;
    }
    boolean last = file.release();
    assert !last : "the reference just taken was the last";
    NioFiles.release(file);
    return 0;
  }

  /// As renameat(2): an existing target is replaced in one step.
  private static int rename(Path source, Path target) throws IOException {
    Files.move(source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return 0;
  }

  /// As unlinkat(2) without AT_REMOVEDIR: `Files.delete` would remove an empty directory.
  private static int unlink(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return -Errno.EISDIR;
    }
    Files.delete(path);
    return 0;
  }

  private static int link(Path existing, Path path) throws IOException {
    try {
      Files.createLink(path, existing);
      return 0;
    } catch (UnsupportedOperationException e) {
      return -Errno.EOPNOTSUPP;
    }
  }

  private static int read(Request request, NioFile file) throws IOException {
    if (!request.vectors.isEmpty()) {
      return transferParts(request, file);
    }
    if (request.length == 0) {
      return 0;
    }
    int count = file.channel().read(bytes(request), request.offset);
    return Math.max(count, 0); // −1 at the end of the file is 0 for the kernel.
  }

  private static int write(Request request, NioFile file) throws IOException {
    if (request.dontCache || request.atomic) {
      return -Errno.EOPNOTSUPP;
    }
    long stamp = file.length().readLock();
    int count;
    try {
      count =
          request.vectors.isEmpty()
              ? file.channel().write(bytes(request), request.offset)
              : transferParts(request, file);
    } finally {
      file.length().unlockRead(stamp);
    }
    if (request.dsync) {
      file.channel().force(false);
    }
    return count;
  }

  /// One part after the other up to the first that is short: `FileChannel` has no vectored
  /// transfer at a position. After a failure behind the first part, what was moved is the answer,
  /// as it is for the kernel.
  private static int transferParts(Request request, NioFile file) throws IOException {
    int total = 0;
    try {
      for (int i = 0; i < request.vectors.count(); i++) {
        ByteBuffer part = request.vectors.part(i).asByteBuffer();
        int length = part.remaining();
        long offset = request.offset + total;
        int count =
            request.op == Op.READ
                ? file.channel().read(part, offset)
                : file.channel().write(part, offset);
        total += Math.max(count, 0);
        if (count < length) {
          return total;
        }
      }
    } catch (IOException e) {
      if (total == 0) {
        throw e;
      }
    }
    return total;
  }

  private static ByteBuffer bytes(Request request) {
    return request.buffer.asSlice(request.bufferOffset, request.length).asByteBuffer();
  }

  private static int sync(NioFile file, boolean metadata) throws IOException {
    file.channel().force(metadata);
    return 0;
  }

  private static int stat(Request.Status status, NioFile file) throws IOException {
    status.size = file.channel().size();
    status.directMemoryAlignment = file.isDirectory() ? 0 : file.blockSize();
    status.directOffsetAlignment = file.isDirectory() ? 0 : file.blockSize();
    status.atomicWriteMin = 0;
    status.atomicWriteMax = 0;
    status.atomicWriteParts = 0;
    status.blockSize = Math.max(1, file.blockSize());
    status.device = file.device();
    status.inode = file.inode();
    status.allocated = -1;
    status.mode = file.isDirectory() ? ModeBits.S_IFDIR : ModeBits.S_IFREG;
    status.permitted = false;
    status.modifiedNanos = -1;
    if (file.inode() != 0) {
      statUnix(status, file);
    } else {
      modified(status, Files.getLastModifiedTime(file.path()).toInstant());
    }
    return 0;
  }

  /// By path, as `java.nio` has no fstat(2); nothing is taken from another file of that name.
  private static void statUnix(Request.Status status, NioFile file) {
    try {
      Map<String, Object> unix =
          Files.readAttributes(file.path(), "unix:dev,ino,mode,lastModifiedTime");
      boolean same =
          Long.valueOf(file.device()).equals(unix.get("dev"))
              && Long.valueOf(file.inode()).equals(unix.get("ino"));
      if (same
          && unix.get("mode") instanceof Integer mode
          && unix.get("lastModifiedTime") instanceof FileTime time) {
        status.mode = mode;
        status.permitted = true;
        modified(status, time.toInstant());
      }
    } catch (IOException e) {
      // The name is gone: what only a path can tell stays unknown.
    }
  }

  private static void modified(Request.Status status, Instant time) {
    status.modifiedSeconds = time.getEpochSecond();
    status.modifiedNanos = time.getNano();
  }

  private static boolean has(int bits, int bit) {
    return (bits & bit) != 0;
  }

  private static Path present(@Nullable Path path) {
    if (path == null) {
      throw new IllegalArgumentException("the request has no path");
    }
    return path;
  }

  private static FileAttribute<?>[] mode(String permissions) {
    if (!POSIX) {
      return new FileAttribute<?>[0];
    }
    Set<PosixFilePermission> set = PosixFilePermissions.fromString(permissions);
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(set)};
  }
}
