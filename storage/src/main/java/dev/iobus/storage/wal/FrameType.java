package dev.iobus.storage.wal;

import org.jspecify.annotations.Nullable;

/// What a frame carries. On disk: never renumber.
enum FrameType {
  /// A whole record.
  FULL(1),
  /// The beginning of a record that is longer than a group.
  FIRST(2),
  /// A part of a record between its beginning and its end.
  MIDDLE(3),
  /// The end of a record.
  LAST(4),
  /// No record: it is there for its durable mark.
  MARK(5);

  private final byte code;

  FrameType(int code) {
    this.code = (byte) code;
  }

  /// The number in the frame.
  byte code() {
    return code;
  }

  /// The type with that number, or null when there is none.
  static @Nullable FrameType of(byte code) {
    return switch (code) {
      case 1 -> FULL;
      case 2 -> FIRST;
      case 3 -> MIDDLE;
      case 4 -> LAST;
      case 5 -> MARK;
      default -> null;
    };
  }
}
