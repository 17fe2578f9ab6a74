package dev.iobus.kv.entry;

import org.jspecify.annotations.Nullable;

/// What an entry does to its key. On disk: never renumber.
public enum EntryKind {
  DELETE(0),
  PUT(1),
  MERGE(2),
  RANGE_DELETE(3),
  /// The value is a reference into a value file.
  PUT_SEPARATED(4),
  /// The value begins with eight bytes of expiry.
  PUT_EXPIRING(5),
  SINGLE_DELETE(6),
  /// In the log only.
  KEYSPACE_CREATE(64),
  /// In the log only.
  KEYSPACE_DROP(65);

  private static final @Nullable EntryKind[] BY_CODE = new @Nullable EntryKind[256];

  static {
    for (EntryKind kind : values()) {
      BY_CODE[kind.code] = kind;
    }
  }

  private final int code;

  EntryKind(int code) {
    this.code = code;
  }

  /// The byte on disk, 0 to 255.
  public int code() {
    return code;
  }

  /// The kind of a byte, or null when this version knows none.
  public static @Nullable EntryKind of(int code) {
    return BY_CODE[code & 0xff];
  }
}
