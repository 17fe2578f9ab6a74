package dev.iobus;

import dev.iobus.backend.OpenBits;

/// How a file is opened. Descriptors are never inherited by child processes.
public enum OpenFlag {
  /// Open for reading.
  READ,
  /// Open for writing.
  WRITE,
  /// Create the file, with mode 0600, if it does not exist.
  CREATE,
  /// With [#CREATE]: fail if the file exists.
  EXCLUSIVE,
  /// Cut the file to length 0.
  TRUNCATE,
  /// Transfer past the page cache (`O_DIRECT`). Addresses, offsets and lengths must then be
  /// multiples of what [FileStatus] says.
  DIRECT,
  /// Open a directory, to sync it; fails when the path is none.
  DIRECTORY,
  /// Fail when the last part of the path is a symbolic link.
  NO_FOLLOW;

  /// The flags as [OpenBits].
  ///
  /// @throws IllegalArgumentException for flags that contradict each other
  static int bits(OpenFlag... flags) {
    int bits = 0;
    for (OpenFlag flag : flags) {
      bits |=
          switch (flag) {
            case READ -> OpenBits.READ;
            case WRITE -> OpenBits.WRITE;
            case CREATE -> OpenBits.CREATE;
            case EXCLUSIVE -> OpenBits.EXCLUSIVE;
            case TRUNCATE -> OpenBits.TRUNCATE;
            case DIRECT -> OpenBits.DIRECT;
            case DIRECTORY -> OpenBits.DIRECTORY;
            case NO_FOLLOW -> OpenBits.NO_FOLLOW;
          };
    }
    boolean writes = (bits & OpenBits.WRITE) != 0;
    boolean changes = (bits & (OpenBits.CREATE | OpenBits.TRUNCATE)) != 0;
    if (changes && !writes) {
      throw new IllegalArgumentException("CREATE and TRUNCATE need WRITE");
    }
    if ((bits & OpenBits.EXCLUSIVE) != 0 && (bits & OpenBits.CREATE) == 0) {
      throw new IllegalArgumentException("EXCLUSIVE needs CREATE");
    }
    if ((bits & OpenBits.DIRECTORY) != 0 && writes) {
      throw new IllegalArgumentException("a directory cannot be opened for writing");
    }
    return writes ? bits : bits | OpenBits.READ;
  }
}
