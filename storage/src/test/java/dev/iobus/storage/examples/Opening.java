package dev.iobus.storage.examples;

import java.util.ArrayDeque;
import java.util.Deque;

/// Several things that are opened one after the other: all of them, or none is left open. Confined to
/// one thread.
final class Opening implements AutoCloseable {

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /// Takes note of one that is to be closed if a later one cannot be opened.
  <T extends AutoCloseable> T keep(T resource) {
    opened.push(resource);
    return resource;
  }

  /// All are open; whoever has them closes them.
  void done() {
    opened.clear();
  }

  /// Closes what was opened, last first, unless all were.
  @Override
  public void close() {
    for (AutoCloseable resource : opened) {
      try {
        resource.close();
      } catch (Exception e) {
        // The failure of the opening is on its way to the caller, and says more.
        assert e.getMessage() != null;
      }
    }
  }
}
