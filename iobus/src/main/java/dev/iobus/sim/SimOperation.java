package dev.iobus.sim;

import dev.iobus.backend.Op;
import org.jspecify.annotations.Nullable;

/// What a simulated disk is asked to do; the unit in which faults and losses of power are counted.
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
  LIST;

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
