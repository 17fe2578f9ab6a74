package dev.iobus.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads what the kernel tells under `/proc`, see proc(5). Stateless, so thread-safe.
final class ProcFile {

  private ProcFile() {}

  /// The text of a file; empty where there is none: what it tells is a help, and no host must have it.
  static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      return "";
    }
  }
}
