package dev.iobus.backend;

/// What a [Request] asks a backend to do.
public enum Op {
  NOP,
  READ,
  WRITE,
  FSYNC,
  FDATASYNC,
  OPEN,
  CLOSE,
  TRUNCATE,
  RENAME,
  UNLINK,
  STAT,
  /// Ends the request whose user data stands in [Request#offset], if it can still be ended.
  CANCEL;

  private final String label = name().toLowerCase(java.util.Locale.ROOT);

  /// The word for messages, such as `fdatasync`.
  public String label() {
    return label;
  }
}
