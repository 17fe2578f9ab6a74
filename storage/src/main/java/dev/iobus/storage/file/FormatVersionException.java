package dev.iobus.storage.file;

import java.io.IOException;

/// The file was written by a version of this library that this one does not know.
public final class FormatVersionException extends IOException {

  private static final long serialVersionUID = 1L;

  /// A refusal; the message tells both.
  ///
  /// @param file the file's path
  /// @param detail what was found, what is understood, and what to do
  public FormatVersionException(String file, String detail) {
    super(file + ": " + detail);
  }
}
