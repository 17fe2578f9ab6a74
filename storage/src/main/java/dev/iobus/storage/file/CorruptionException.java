package dev.iobus.storage.file;

import java.io.IOException;

/// Bytes on disk are not what was written. Names the file and the place; the data was not used.
public final class CorruptionException extends IOException {

  private static final long serialVersionUID = 1L;

  /// Its path.
  private final String file;

  /// In bytes from its begin.
  private final long offset;

  /// Damage at one place; the message tells all three.
  ///
  /// @param file the file's path
  /// @param offset where in the file the damaged structure begins, in bytes
  /// @param detail what was found and what was expected
  public CorruptionException(String file, long offset, String detail) {
    super(file + " at offset " + offset + ": " + detail);
    this.file = file;
    this.offset = offset;
  }

  /// The damaged file's path.
  public String file() {
    return file;
  }

  /// Where in the file the damaged structure begins, in bytes.
  public long offset() {
    return offset;
  }
}
