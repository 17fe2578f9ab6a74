package dev.iobus.storage.file;

/// What a file holds. On disk: never renumber.
public enum FileKind {
  /// A part of a log, which is used again.
  WAL_SEGMENT(1),
  /// Edits of what a store consists of.
  MANIFEST(2),
  /// A table of sorted entries.
  SSTABLE(3),
  /// Values beside their entries; reserved.
  VALUE_FILE(4);

  private final int code;

  FileKind(int code) {
    this.code = code;
  }

  /// The number in the file header.
  public int code() {
    return code;
  }
}
