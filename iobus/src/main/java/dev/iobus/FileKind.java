package dev.iobus;

import dev.iobus.backend.ModeBits;

/// What an open file is.
public enum FileKind {
  /// A file of bytes.
  REGULAR,
  /// A directory.
  DIRECTORY,
  /// A socket, by its own descriptor or by the name that it was bound to.
  SOCKET,
  /// A pipe, a device or something newer.
  OTHER;

  /// @param mode kind and permissions as in `st_mode`
  static FileKind of(int mode) {
    return switch (mode & ModeBits.S_IFMT) {
      case ModeBits.S_IFREG -> REGULAR;
      case ModeBits.S_IFDIR -> DIRECTORY;
      case ModeBits.S_IFSOCK -> SOCKET;
      default -> OTHER;
    };
  }
}
