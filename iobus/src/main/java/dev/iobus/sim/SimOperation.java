package dev.iobus.sim;

import dev.iobus.backend.Op;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a simulated host is asked to do; the unit in which faults and losses of power are counted.
public enum SimOperation {
  /// A file or a directory, which is created where the flags say so.
  OPEN,
  /// A file or a socket; also where it fails.
  CLOSE,
  /// Of one part of memory or of several.
  READ,
  /// Also a write that must be durable when it ends.
  WRITE,
  /// fsync, of a file or a directory.
  SYNC,
  /// fdatasync.
  DATA_SYNC,
  /// A new length.
  TRUNCATE,
  /// Space for a range.
  ALLOCATE,
  /// A name for another, which it may replace.
  RENAME,
  /// A name that is removed.
  UNLINK,
  /// A second name.
  LINK,
  /// A directory with nothing in it.
  CREATE_DIRECTORY,
  /// What is known of an open file.
  STAT,
  /// The names in a directory.
  LIST,
  /// A socket that is made.
  SOCKET,
  /// A socket's own address.
  BIND,
  /// A socket that takes connections from then on.
  LISTEN,
  /// A connection, or the peer of a datagram socket.
  CONNECT,
  /// One connection that is accepted.
  ACCEPT,
  /// A send on a stream; one that goes on until all is sent counts each time.
  SEND,
  /// A receive of bytes from a stream, that are there; their end counts as none.
  RECV,
  /// One datagram, whole.
  SEND_DATAGRAM,
  /// One datagram, or what there is room for.
  RECV_DATAGRAM,
  /// The end of one side of a connection, or of both.
  SHUTDOWN;

  private static final Set<SimOperation> OF_DISK =
      Collections.unmodifiableSet(EnumSet.range(OPEN, LIST));

  /// Those that reach the disk; the others are of the network.
  public static Set<SimOperation> ofDisk() {
    return OF_DISK;
  }

  /// Null for what does not reach the disk.
  static @Nullable SimOperation of(Op op) {
    return switch (op) {
      case OPEN, OPEN_REGISTERED -> OPEN;
      case CLOSE -> CLOSE;
      case READ -> READ;
      case WRITE -> WRITE;
      case FSYNC -> SYNC;
      case FDATASYNC -> DATA_SYNC;
      case TRUNCATE -> TRUNCATE;
      case ALLOCATE -> ALLOCATE;
      case RENAME -> RENAME;
      case UNLINK -> UNLINK;
      case LINK -> LINK;
      case CREATE_DIRECTORY -> CREATE_DIRECTORY;
      case STAT -> STAT;
      default -> null;
    };
  }
}
