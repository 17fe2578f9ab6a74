package dev.iobus.sim;

import dev.iobus.backend.Op;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a simulated host is asked to do; the unit in which faults and losses of power are counted.
public enum SimOperation {
  OPEN,
  CLOSE,
  READ,
  /// Also a write that must be durable when it ends.
  WRITE,
  /// fsync, of a file or a directory.
  SYNC,
  /// fdatasync.
  DATA_SYNC,
  TRUNCATE,
  ALLOCATE,
  RENAME,
  UNLINK,
  LINK,
  CREATE_DIRECTORY,
  STAT,
  /// The names in a directory.
  LIST,
  SOCKET,
  BIND,
  LISTEN,
  CONNECT,
  /// One connection that is accepted.
  ACCEPT,
  /// A send on a stream; one that goes on until all is sent counts each time.
  SEND,
  /// A receive of bytes from a stream, that are there; their end counts as none.
  RECV,
  SEND_DATAGRAM,
  RECV_DATAGRAM,
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
