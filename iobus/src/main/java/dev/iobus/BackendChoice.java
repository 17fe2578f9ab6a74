package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.KqueueBackend;
import dev.iobus.backend.KqueueUnavailableException;
import dev.iobus.backend.NioBackend;
import dev.iobus.backend.SimulatedHost;
import dev.iobus.backend.UringBackend;
import dev.iobus.backend.UringUnavailableException;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Which backend a bus stands on, and why.
///
/// io_uring is preferred. Where the host does not offer it (old kernel, seccomp, sysctl, no native
/// access, a memlock limit that holds no ring) the choice falls back to NIO and says so, once per
/// JVM in the log. Any other lack of resources is not a reason to fall back: it is reported as what
/// it is, so that throughput never depends in silence on what else the host was doing. kqueue is
/// taken only when it is asked for: nobody has run it on a Mac or a FreeBSD host yet.
///
/// A scheduler that simulates a host brings its own backend, and no other keeps its time.
///
/// Immutable.
final class BackendChoice {

  private static final AtomicBoolean LOGGED = new AtomicBoolean();

  private final Backend backend;
  private final BackendKind kind;
  private final String reason;

  private BackendChoice(Backend backend, BackendKind kind, String reason) {
    this.backend = backend;
    this.kind = kind;
    this.reason = reason;
  }

  /// Opens the backend that was asked for, or else the best that works here.
  ///
  /// The backend holds twice `options.capacity()` requests: one cancel can be in flight beside
  /// each operation, so that a full bus can always be emptied.
  ///
  /// @param shared whether several threads will submit
  /// @throws IOException if the backend that was asked for is not available, or if a resource is
  ///     exhausted
  static BackendChoice open(boolean shared, BusOptions options) throws IOException {
    return open(shared, options, UringSyscalls::kernel);
  }

  /// As above, with the system calls of a test.
  static BackendChoice open(
      boolean shared, BusOptions options, Supplier<UringSyscalls> syscalls) throws IOException {
    int requests = 2 * options.capacity();
    BackendKind asked = options.backend();
    if (options.scheduler() instanceof SimulatedHost host) {
      return simulated(host, requests, asked);
    }
    BackendKind wanted = asked == null ? BackendKind.IO_URING : asked;
    String why = asked == null ? "the preferred backend works here" : "asked for";
    try {
      return switch (wanted) {
        case IO_URING ->
            choice(
                UringBackend.open(shared, requests, options.files(), syscalls), wanted, why);
        case KQUEUE -> choice(KqueueBackend.open(requests), wanted, why);
        case NIO -> choice(NioBackend.open(requests), wanted, why);
        case SIMULATED ->
            throw new IOException(
                "cannot open a bus on " + wanted.label()
                    + ": the options need the scheduler of a simulation (dev.iobus.sim)");
      };
    } catch (UringUnavailableException e) {
      return fallBack(e, e.fallback(), wanted, asked, requests);
    } catch (KqueueUnavailableException e) {
      return fallBack(e, e.fallback(), wanted, asked, requests);
    }
  }

  private static BackendChoice simulated(
      SimulatedHost host, int requests, @Nullable BackendKind asked) throws IOException {
    if (asked != null && asked != BackendKind.SIMULATED) {
      throw new IOException(
          "cannot open a bus on " + asked.label()
              + ": the scheduler of the options simulates a host; ask for no backend");
    }
    return choice(host.openBackend(requests), BackendKind.SIMULATED, "the scheduler's own");
  }

  private static BackendChoice fallBack(
      Exception refusal,
      boolean mayFallBack,
      BackendKind wanted,
      @Nullable BackendKind asked,
      int requests)
      throws IOException {
    if (asked != null || !mayFallBack) {
      throw new IOException(
          "cannot open a bus on " + wanted.label() + ": " + refusal.getMessage(), refusal);
    }
    BackendChoice choice =
        choice(
            NioBackend.open(requests),
            BackendKind.NIO,
            wanted.label() + " is not available: " + refusal.getMessage());
    if (LOGGED.compareAndSet(false, true)) {
      System.getLogger("dev.iobus").log(System.Logger.Level.WARNING, choice.reason());
    }
    return choice;
  }

  private static BackendChoice choice(Backend backend, BackendKind kind, String why) {
    return new BackendChoice(
        backend, kind, kind.label() + ": " + why + "; " + backend.describe());
  }

  /// What is done another way than on the best host, the choice itself first.
  static List<String> fallbacks(
      BusOptions options, BackendKind kind, String reason, Backend backend) {
    if (kind != BackendKind.NIO || options.backend() != null) {
      return backend.fallbacks();
    }
    List<String> all = new ArrayList<>();
    all.add(reason);
    all.addAll(backend.fallbacks());
    return List.copyOf(all);
  }

  Backend backend() {
    return backend;
  }

  BackendKind kind() {
    return kind;
  }

  /// One line: which backend, why, and with which features.
  String reason() {
    return reason;
  }
}
