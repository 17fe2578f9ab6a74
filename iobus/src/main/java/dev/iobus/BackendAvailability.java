package dev.iobus;

import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/// Whether one backend works on this host now. Immutable.
///
/// @param kind the backend
/// @param available whether a bus can be opened on it
/// @param detail for people, one line: the features that it would use, or the cause why it is not
///     available and the remedy
public record BackendAvailability(BackendKind kind, boolean available, String detail) {

  /// By opening each backend with room for one operation, and closing it again.
  static List<BackendAvailability> ofAll(Supplier<UringSyscalls> syscalls) {
    List<BackendAvailability> all = new ArrayList<>();
    for (BackendKind kind : BackendKind.values()) {
      if (kind != BackendKind.SIMULATED) { // Which is none of this host.
        all.add(of(kind, syscalls));
      }
    }
    return List.copyOf(all);
  }

  private static BackendAvailability of(BackendKind kind, Supplier<UringSyscalls> syscalls) {
    BusOptions options = BusOptions.defaults().withCapacity(1).withFiles(1).withBackend(kind);
    // A ring that belongs to one thread has more features, but needs a platform thread.
    boolean shared = Thread.currentThread().isVirtual();
    try {
      BackendChoice choice = BackendChoice.open(shared, options, syscalls);
      String features = choice.backend().describe();
      choice.backend().close(false);
      return new BackendAvailability(kind, true, features);
    } catch (IOException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      return new BackendAvailability(kind, false, String.valueOf(cause.getMessage()));
    }
  }

  /// One line, such as `io_uring: not available: no native access; …`.
  @Override
  public String toString() {
    return kind.label() + ": " + (available ? "available: " : "not available: ") + detail;
  }
}
