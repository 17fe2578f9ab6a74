package dev.iobus;

import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// An operation that the operating system refused or could not finish.
public sealed class BusException extends IOException
    permits CancelledException, NoBuffersException, NotSupportedException, TimedOutException {

  private static final long serialVersionUID = 1L;

  /// What was asked.
  private final String operation;

  /// As in `errno.h`.
  private final String errnoName;

  /// Positive; Linux's on every host.
  private final int errno;

  /// An error with its operation, file and number, all of which its message names.
  ///
  /// @param operation what was asked, such as `read`
  /// @param file the file's path, or what names it
  /// @param errno the positive error number, Linux's on every host
  /// @param errnoName its name, such as `ENOSPC`
  /// @param detail what it means and, where there is a remedy, what to do
  public BusException(String operation, String file, int errno, String errnoName, String detail) {
    super(operation + " " + file + ": " + errnoName + " (" + detail + ")");
    this.operation = operation;
    this.errno = errno;
    this.errnoName = errnoName;
  }

  /// The exception for an operation that ended with `result`, a negated error number.
  ///
  /// @param cause the exception that a backend without error numbers of its own had, or null
  static BusException of(String operation, String file, int result, @Nullable Object cause) {
    int errno = -result;
    BusException failure =
        switch (errno) {
          case Errno.ECANCELED -> new CancelledException(operation, file, errno);
          case Errno.ETIME -> new TimedOutException(operation, file);
          case Errno.ENOBUFS -> noBuffers(operation, file);
          case Errno.EOPNOTSUPP ->
              new NotSupportedException(operation, file, errno, Errno.text(errno));
          default -> plain(operation, file, errno);
        };
    if (cause instanceof Throwable throwable) {
      failure.initCause(throwable);
    }
    return failure;
  }

  /// As above, for a request: what the host lacks is told with what to do in its place.
  static BusException of(
      String operation, String file, int result, Request request, BackendKind backend) {
    return result == -Errno.EOPNOTSUPP
        ? NotSupportedException.of(operation, file, request, backend, request.scratch)
        : of(operation, file, result, request.scratch);
  }

  /// A receive found its pool empty; elsewhere the kernel itself is short of buffers.
  private static BusException noBuffers(String operation, String file) {
    return operation.startsWith("recv")
        ? new NoBuffersException(operation, file)
        : plain(operation, file, Errno.ENOBUFS);
  }

  private static BusException plain(String operation, String file, int errno) {
    String text = Errno.text(errno) + hint(operation, errno);
    return new BusException(operation, file, errno, Errno.name(errno), text);
  }

  /// What is mostly the reason where the kernel's number says too little.
  private static String hint(String operation, int errno) {
    return switch (errno) {
      case Errno.EINVAL ->
          switch (operation) {
            case "read", "readFully", "write", "writeFully" ->
                "; direct I/O needs address, offset and length that are multiples of what FileStatus"
                    + " says";
            case "accept", "acceptMany" -> "; the socket has to listen first";
            case "truncate" -> "; the file has to be open for writing";
            default -> "";
          };
      case Errno.ENOENT ->
          switch (operation) {
            case "mkdir", "createDirectory" -> "; the directory above it has to exist";
            default -> "";
          };
      default -> "";
    };
  }

  /// What was asked, such as `read` or `fdatasync`.
  public final String operation() {
    return operation;
  }

  /// The positive error number: Linux's on every host. [#errnoName()] says more.
  public final int errno() {
    return errno;
  }

  /// The name of the error number, such as `ENOSPC`.
  public final String errnoName() {
    return errnoName;
  }
}
