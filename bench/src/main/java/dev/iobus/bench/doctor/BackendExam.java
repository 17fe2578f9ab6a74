package dev.iobus.bench.doctor;

import dev.iobus.BackendAvailability;
import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.RegisteredBuffer;
import dev.iobus.SharedBus;
import dev.iobus.storage.page.PageCacheOptions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The kernel interfaces that a bus can stand on. Each is opened, for what it says of itself.
final class BackendExam {

  private static final BusOptions URING = BusOptions.defaults().withBackend(BackendKind.IO_URING);

  /// For a limit that all stores of a user share.
  private static final String REMEDY =
      "; raise the limit on locked memory, by ulimit -l 65536 in the shell, memlock in"
          + " /etc/security/limits.conf, or LimitMEMLOCK= of systemd";

  private static final int PAGE_BYTES = 4_096;

  private BackendExam() {}

  static void examine(Diagnosis diagnosis) {
    boolean uring = false;
    for (BackendAvailability backend : Bus.backends()) {
      String state = backend.available() ? "available: " : "off: ";
      diagnosis.fact(backend.kind().label(), state + backend.detail());
      uring |= backend.available() && backend.kind() == BackendKind.IO_URING;
    }
    backend(diagnosis);
    if (uring) {
      fallbacks(diagnosis);
      lockedMemory(diagnosis);
    }
  }

  /// What a ring does another way here.
  private static void fallbacks(Diagnosis diagnosis) {
    try (Bus bus = Bus.open(URING)) {
      List<String> taken = bus.fallbacks();
      diagnosis.fact("fallbacks", taken.isEmpty() ? "none" : String.join("; ", taken));
    } catch (IOException e) {
      diagnosis.warn("no look at the fallbacks of a ring: " + e.getMessage());
    }
  }

  private static void backend(Diagnosis diagnosis) {
    try (SharedBus best = SharedBus.open(BusOptions.defaults())) {
      tell(diagnosis, best.backend(), best.reason());
    } catch (IOException e) {
      diagnosis.fact("backend", "none");
      diagnosis.warn("no bus can be opened: " + e.getMessage());
    }
  }

  /// @param reason why that one; for a fallback it names the remedy
  static void tell(Diagnosis diagnosis, BackendKind kind, String reason) {
    diagnosis.fact("backend", reason);
    if (kind == BackendKind.NIO) {
      diagnosis.warn("only a fallback works here: " + reason);
    }
  }

  /// Whether the limit on locked memory holds what one store needs, and what two of them do.
  private static void lockedMemory(Diagnosis diagnosis) {
    try (Arena arena = Arena.ofShared();
        SharedBus first = SharedBus.open(URING)) {
      String refusal = register(first, arena);
      if (refusal != null) {
        diagnosis.fact("registered memory", "refused");
        diagnosis.warn("the I/O buffer of a store is not registered: " + refusal + REMEDY);
        return;
      }
      diagnosis.fact("registered memory", "granted for one store");
      second(diagnosis, arena);
    } catch (IOException e) {
      diagnosis.warn("no second look at locked memory: " + e.getMessage());
    }
  }

  private static void second(Diagnosis diagnosis, Arena arena) {
    try (SharedBus bus = SharedBus.open(URING)) {
      String refusal = register(bus, arena);
      if (refusal == null) {
        diagnosis.fact("registered memory", "granted for two stores at a time");
      } else {
        diagnosis.warn(
            "two stores at a time do not both get registered memory: " + refusal + REMEDY);
      }
    } catch (IOException e) {
      diagnosis.warn(
          "two stores at a time do not both get a ring: " + e.getMessage() + REMEDY);
    }
  }

  /// Registers as much as a store does by default; null when the host grants it, else why not.
  private static @Nullable String register(SharedBus bus, Arena arena) throws IOException {
    MemorySegment memory =
        arena.allocate(PageCacheOptions.defaults().ioBufferBytes(), PAGE_BYTES);
    RegisteredBuffer buffer = bus.register(memory);
    return buffer.refusal();
  }
}
