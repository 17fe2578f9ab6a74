package dev.iobus.kv.sstable;

/// What a block of a table holds. On disk: never renumber.
enum BlockKind {
  DATA(1),
  INDEX(2),
  FILTER(3),
  PROPERTIES(4),
  RANGE_DELETIONS(5);

  private final int code;

  BlockKind(int code) {
    this.code = code;
  }

  /// The byte in a block header.
  int code() {
    return code;
  }
}
