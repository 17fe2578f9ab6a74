package dev.iobus.storage.file;

/// What a file holds. On disk: never renumber.
public enum FileKind {
  WAL_SEGMENT(1),
  MANIFEST(2),
  SSTABLE(3),
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
