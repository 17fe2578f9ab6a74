package dev.iobus.posix;

/// The operating systems whose numbers and layouts are known here, all with 64 bits. Immutable.
public enum Host {
  LINUX,
  MACOS,
  /// FreeBSD 12 or newer, whose inode numbers have 64 bits.
  FREEBSD,
  OTHER;

  private static final Host CURRENT = named(System.getProperty("os.name"));

  /// The one this process runs on.
  public static Host current() {
    return CURRENT;
  }

  /// The one that the JDK calls by this name in the property `os.name`.
  static Host named(String name) {
    return switch (name) {
      case "Linux" -> LINUX;
      case "Mac OS X" -> MACOS;
      case "FreeBSD" -> FREEBSD;
      default -> OTHER;
    };
  }
}
