package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.net.PortUnreachableException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/// The exceptions of `java.nio` as negated Linux error numbers.
///
/// The library keeps the number of the failed system call to itself; what is left of it is the
/// class of the exception, or the text of `strerror(3)` as the message (libc's own texts: the JDK
/// calls it in the C locale). A failure that neither tells is EIO, never success.
///
/// Stateless.
final class NioErrno {

  private NioErrno() {}

  /// The negated error number that says the most of what `failure` knows.
  static int negated(Throwable failure) {
    return -number(failure);
  }

  private static int number(Throwable failure) {
    return switch (failure) {
      case NoSuchFileException e -> Errno.ENOENT;
      case FileAlreadyExistsException e -> Errno.EEXIST;
      case AccessDeniedException e -> Errno.EACCES;
      case NotDirectoryException e -> Errno.ENOTDIR;
      case DirectoryNotEmptyException e -> Errno.ENOTEMPTY;
      case FileSystemLoopException e -> Errno.ELOOP;
      case AtomicMoveNotSupportedException e -> Errno.EXDEV;
      case FileSystemException e -> numberOfText(e.getReason());
      case ClosedChannelException e -> Errno.EBADF;
      case PortUnreachableException e -> Errno.ECONNREFUSED;
      case IOException e -> numberOfText(e.getMessage());
      case NonReadableChannelException e -> Errno.EBADF;
      case NonWritableChannelException e -> Errno.EBADF;
      case OverlappingFileLockException e -> Errno.EAGAIN;
      case NotYetConnectedException e -> Errno.ENOTCONN;
      case AlreadyConnectedException e -> Errno.EISCONN;
      case ConnectionPendingException e -> Errno.EALREADY;
      case AlreadyBoundException e -> Errno.EINVAL;
      case CancelledKeyException e -> Errno.EBADF;
      case ClosedSelectorException e -> Errno.EBADF;
      case UnsupportedAddressTypeException e -> Errno.EAFNOSUPPORT;
      case SecurityException e -> Errno.EACCES;
      case UnsupportedOperationException e -> Errno.EINVAL;
      case IllegalArgumentException e -> Errno.EINVAL;
      // The memory was closed, or belongs to one thread that is not the worker.
      case IllegalStateException e -> Errno.EFAULT;
      case WrongThreadException e -> Errno.EFAULT;
      case OutOfMemoryError e -> Errno.ENOMEM;
      default -> Errno.EIO;
    };
  }

  private static int numberOfText(@Nullable String text) {
    if (text == null) {
      return Errno.EIO;
    }
    // `FileChannel` checks direct transfers itself and says so in words of its own.
    if (text.contains("not a multiple of the block size")) {
      return Errno.EINVAL;
    }
    return switch (text) {
      case "Operation not permitted" -> Errno.EPERM;
      case "No such file or directory" -> Errno.ENOENT;
      case "Bad file descriptor" -> Errno.EBADF;
      case "Resource temporarily unavailable" -> Errno.EAGAIN;
      case "Cannot allocate memory" -> Errno.ENOMEM;
      case "Permission denied" -> Errno.EACCES;
      case "Device or resource busy" -> Errno.EBUSY;
      case "File exists" -> Errno.EEXIST;
      case "Invalid cross-device link" -> Errno.EXDEV;
      case "Not a directory" -> Errno.ENOTDIR;
      case "Is a directory" -> Errno.EISDIR;
      case "Invalid argument" -> Errno.EINVAL;
      case "Too many open files in system" -> Errno.ENFILE;
      case "Too many open files" -> Errno.EMFILE;
      case "Text file busy" -> Errno.number("ETXTBSY");
      case "File too large" -> Errno.EFBIG;
      case "No space left on device" -> Errno.ENOSPC;
      case "Read-only file system" -> Errno.EROFS;
      case "File name too long" -> Errno.ENAMETOOLONG;
      case "Directory not empty" -> Errno.ENOTEMPTY;
      case "Operation not supported" -> Errno.EOPNOTSUPP;
      // Of pipes: `FileChannel` transfers at an offset, or where nobody could cancel it.
      case "Illegal seek" -> Errno.EOPNOTSUPP;
      case "Disk quota exceeded" -> Errno.EDQUOT;
      case "Broken pipe" -> Errno.EPIPE;
      case "Connection reset by peer", "Connection reset" -> Errno.ECONNRESET;
      case "Connection refused" -> Errno.ECONNREFUSED;
      case "Connection timed out" -> Errno.ETIMEDOUT;
      case "Software caused connection abort" -> Errno.ECONNABORTED;
      case "Transport endpoint is not connected", "Socket is not connected" -> Errno.ENOTCONN;
      case "Destination address required" -> Errno.EDESTADDRREQ;
      case "Message too long" -> Errno.EMSGSIZE;
      case "Address already in use" -> Errno.EADDRINUSE;
      case "Cannot assign requested address", "Can't assign requested address" ->
          Errno.EADDRNOTAVAIL;
      case "Address family not supported by protocol" -> Errno.EAFNOSUPPORT;
      case "Network is unreachable" -> Errno.ENETUNREACH;
      case "No route to host" -> Errno.EHOSTUNREACH;
      case "No buffer space available" -> Errno.ENOBUFS;
      case "Protocol not available" -> Errno.number("ENOPROTOOPT");
      default -> text.startsWith("Too many levels of symbolic links") ? Errno.ELOOP : Errno.EIO;
    };
  }
}
