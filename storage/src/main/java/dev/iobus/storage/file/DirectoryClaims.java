package dev.iobus.storage.file;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// What of one directory has a writer now. Two writers of one log or file would write over what the
/// other has acknowledged, and a lock that is given back under a writer lets another process in.
/// Thread-safe; its monitor is a leaf.
final class DirectoryClaims {

  private final Path path;

  // Guarded by this.
  /// What is claimed, and what it is called in messages.
  private final Map<String, String> claimed = new TreeMap<>();

  private boolean closed;

  /// @param path the directory's, for messages
  DirectoryClaims(Path path) {
    this.path = path;
  }

  /// @param key the same for two that would write over each other's bytes
  /// @param name for messages
  synchronized Claim claim(String key, String name) {
    requireOpen();
    String owner = claimed.putIfAbsent(key, name);
    if (owner != null) {
      throw new IllegalStateException(
          name + " is already open in " + path + (owner.equals(name) ? "" : " as " + owner)
              + ": close it first, or share the one that is open");
    }
    return new Claim(this, key, name);
  }

  synchronized void giveBack(String key) {
    claimed.remove(key);
  }

  /// Lets nobody claim any more; false when it was closed before.
  ///
  /// @throws IllegalStateException when something is claimed; nothing is closed then
  synchronized boolean close() {
    if (!claimed.isEmpty()) {
      throw new IllegalStateException(
          "directory " + path + " is still used by " + String.join(", ", claimed.values())
              + ": close what is open there, then close the directory again");
    }
    boolean first = !closed;
    closed = true;
    return first;
  }

  synchronized boolean isClosed() {
    return closed;
  }

  void requireOpen() {
    if (isClosed()) {
      throw new IllegalStateException("directory " + path + " is closed");
    }
  }
}
