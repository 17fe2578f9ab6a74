package dev.iobus.backend;

import dev.iobus.posix.Host;
import dev.iobus.posix.IovecAbi;
import dev.iobus.posix.Libc;
import dev.iobus.posix.SocketCalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A backend whose descriptors are the host's: what it does on the calling thread, beside its
/// queue, are calls of the C library.
sealed interface PosixBackend extends Backend permits UringBackend, KqueueBackend {

  @Override
  default @Nullable SocketAddress localAddress(int descriptor) {
    return SocketCalls.getsockname(descriptor);
  }

  @Override
  default @Nullable SocketAddress peerAddress(int descriptor) {
    return SocketCalls.getpeername(descriptor);
  }

  @Override
  default int setOption(int descriptor, SocketOption<?> option, int value) {
    return SocketOptionNumber.set(descriptor, option, value);
  }

  @Override
  default int option(int descriptor, SocketOption<?> option) {
    return SocketOptionNumber.get(descriptor, option);
  }

  /// As pread(2): a thread of the operating system that waits in one call costs less than a request
  /// that has to be reaped, too.
  @Override
  default int read(int descriptor, MemorySegment buffer, int length, long offset) {
    return (int) Libc.pread(descriptor, buffer, length, offset);
  }

  /// As preadv2(2) with RWF_NOWAIT, which Linux alone has: one copy from the page cache is cheaper
  /// here than on a ring.
  @Override
  default int readCached(
      int descriptor, MemorySegment vector, MemorySegment buffer, int length, long offset) {
    if (Host.current() != Host.LINUX) {
      return -1;
    }
    IovecAbi.set(vector, buffer, length);
    return (int) Libc.preadv2(descriptor, vector, 1, offset, Libc.RWF_NOWAIT);
  }

  /// As pwrite(2): most file systems have no asynchronous buffered write, so that a ring hands each
  /// to a worker thread of the kernel, which costs ten times as much.
  @Override
  default int writeBuffered(int descriptor, MemorySegment buffer, int length, long offset) {
    return (int) Libc.pwrite(descriptor, buffer, length, offset);
  }

  /// As pwritev2(2) with RWF_DSYNC, or where there is no such call a write and a sync: a caller who
  /// has a thread of the operating system to wait with is served best by it. Through a ring the
  /// request has to be reaped, too.
  @Override
  default int writeDurable(int descriptor, MemorySegment buffer, int length, long offset) {
    try (Arena call = Arena.ofConfined()) {
      return PosixTransfers.writeDurable(
          Libc.newErrnoCapture(call), descriptor, buffer, length, offset);
    }
  }

  /// As fdatasync(2) and fsync(2). A ring hands each to a worker thread of the kernel.
  @Override
  default int sync(int descriptor, boolean dataOnly) {
    try (Arena call = Arena.ofConfined()) {
      return PosixFiles.sync(Libc.newErrnoCapture(call), descriptor, dataOnly);
    }
  }

  @Override
  default int lock(int descriptor) {
    return PosixFiles.lock(descriptor);
  }

  @Override
  default int createDirectory(Path path) {
    return PosixFiles.createDirectory(path);
  }

  @Override
  default List<String> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  default Path realPath(Path path) throws IOException {
    return path.toRealPath();
  }
}
