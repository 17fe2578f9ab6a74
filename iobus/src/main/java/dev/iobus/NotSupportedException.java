package dev.iobus;

import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import org.jspecify.annotations.Nullable;

/// An operation that the backend, the kernel or the file system does not have (EOPNOTSUPP). It has
/// changed nothing; the message says what is missing and what to do in its place.
public final class NotSupportedException extends BusException {

  private static final long serialVersionUID = 1L;

  private static final String NIO_STREAM =
      "java.nio transfers at an offset, which a terminal or a pipe does not have";
  private static final String NIO_PIPE =
      "java.nio has no transfers on pipes, and would wait for the other end with nobody to stop it;"
          + " use a socket of family UNIX";

  /// @param operation what was asked, such as `write`
  /// @param file the file's path, or what names it
  /// @param errno the positive error number, Linux's on every host
  /// @param detail what is missing, and what to do in its place
  NotSupportedException(String operation, String file, int errno, String detail) {
    super(operation, file, errno, Errno.name(errno), detail);
  }

  /// The exception for what has no handle.
  ///
  /// @param detail what is missing, and what to do in its place
  static NotSupportedException of(String operation, String file, String detail) {
    return new NotSupportedException(operation, file, Errno.EOPNOTSUPP, detail);
  }

  /// The exception for a request that ended with EOPNOTSUPP.
  static NotSupportedException of(
      String operation,
      String file,
      Request request,
      BackendKind backend,
      @Nullable Object cause) {
    NotSupportedException failure = of(operation, file, detail(request, backend));
    if (cause instanceof Throwable throwable) {
      failure.initCause(throwable);
    }
    return failure;
  }

  private static String detail(Request request, BackendKind backend) {
    return switch (backend) {
      case IO_URING -> lacks(request);
      case KQUEUE -> lacksOfKqueue(request);
      case NIO -> lacksOfNio(request);
      case SIMULATED -> lacksOfSimulation(request);
    };
  }

  private static String lacksOfKqueue(Request request) {
    return switch (request.op) {
      case SYNC_RANGE -> "the host has no sync of a range; use dataSync";
      case ALLOCATE ->
          "the host or the file system cannot reserve space; write zeros, or go without";
      case WRITE -> lacks(request);
      case POLL -> "kqueue waits for READABLE and WRITABLE, and tells the others beside them";
      default -> Errno.text(Errno.EOPNOTSUPP);
    };
  }

  private static String lacksOfSimulation(Request request) {
    return switch (request.op) {
      case WRITE -> "a simulated disk has no atomic writes";
      case POLL -> "a simulated file is always ready, and for READABLE and WRITABLE alone";
      default -> Errno.text(Errno.EOPNOTSUPP);
    };
  }

  private static String lacksOfNio(Request request) {
    return switch (request.op) {
      case WRITE ->
          request.atomic
              ? "java.nio has no atomic write; write a copy, sync it and rename it"
              : request.dontCache
                  ? "java.nio cannot write past the page cache's copy; write without DONT_CACHE"
                  : NIO_STREAM;
      case READ -> NIO_STREAM;
      case OPEN, OPEN_REGISTERED ->
          request.scratch == null ? NIO_PIPE : Errno.text(Errno.EOPNOTSUPP);
      case SOCKET -> "java.nio has no datagram sockets of family UNIX; use a stream";
      case SHUTDOWN -> "java.nio shuts down connected streams only; close the socket";
      case POLL -> "java.nio can poll sockets, for READABLE and WRITABLE, and regular files";
      case SYNC_RANGE -> "java.nio has no sync of a range; use dataSync";
      case LINK -> "the file system has no second names for a file; copy it";
      default -> Errno.text(Errno.EOPNOTSUPP);
    };
  }

  private static String lacks(Request request) {
    return switch (request.op) {
      case WRITE ->
          request.atomic
              ? "the kernel (before 6.13), the file system or the device has no atomic writes for"
                  + " this file: see FileStatus.atomicWriteMax; write a copy, sync it and rename it"
              : request.dontCache
                  ? "the kernel (before 6.14) or the file system has no uncached buffered write;"
                      + " write without DONT_CACHE"
                  : Errno.text(Errno.EOPNOTSUPP);
      case STAT ->
          "the kernel has no stat of a file that was opened into a slot; open and register it";
      case OPEN_REGISTERED, CLOSE ->
          "this kernel's io_uring cannot do it here in a run; enqueue it alone, or an open first";
      case ALLOCATE -> "the file system cannot reserve space; write zeros, or go without";
      case TRUNCATE, LINK, CREATE_DIRECTORY ->
          "this kernel's io_uring cannot do it inside a chain or a series; enqueue it alone";
      default -> Errno.text(Errno.EOPNOTSUPP);
    };
  }
}
