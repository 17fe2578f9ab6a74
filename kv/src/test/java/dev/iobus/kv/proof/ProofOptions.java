package dev.iobus.kv.proof;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.kv.StoreOptions;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/// The settings of the stores under proof: everything small, so that flushes, compactions and
/// rolls of the log happen within a fraction of a second.
final class ProofOptions {

  private static final long MEMORY_BYTES = 32 << 20;
  private static final long MEMTABLE_BYTES = 256 << 10;
  private static final long FIRST_LOG_SEGMENT_BYTES = 64 << 10;
  private static final long MAX_LOG_SEGMENT_BYTES = 1 << 20;

  private ProofOptions() {}

  /// @param backend the one backend to use, or null for the best of this host
  static StoreOptions of(@Nullable BackendKind backend, Durability durability) {
    return new StoreOptions(
        durability,
        MEMORY_BYTES,
        backend,
        true,
        MEMTABLE_BYTES,
        FIRST_LOG_SEGMENT_BYTES,
        MAX_LOG_SEGMENT_BYTES,
        Scheduler.system());
  }

  /// A number that no other case has, for its seed.
  @SuppressWarnings("EnumOrdinal") // Any numbers will do that differ.
  static long number(BackendKind backend, Durability durability) {
    return 31L * backend.ordinal() + durability.ordinal();
  }

  /// The backends of this host, at least one.
  static List<BackendKind> available() {
    List<BackendKind> available = new ArrayList<>();
    for (BackendKind backend : BackendKind.values()) {
      try {
        SharedBus.open(BusOptions.defaults().withBackend(backend)).close();
        available.add(backend);
      } catch (IOException e) {
        // The tests that are about that backend say so.
      }
    }
    return available;
  }

  /// As [#assumeAvailable], for a test that has two stores open at once: the rings of a user share
  /// one limit of locked memory.
  static void assumeTwoAvailable(BackendKind backend) {
    BusOptions options = BusOptions.defaults().withBackend(backend);
    try (SharedBus first = SharedBus.open(options);
        SharedBus second = SharedBus.open(options)) {
      assert first.backend() == second.backend();
    } catch (IOException e) {
      Assumptions.abort("no two busses on " + backend.label() + " here: " + e.getMessage());
    }
  }

  /// Skips the running test, visibly, where this host has no such backend.
  static void assumeAvailable(BackendKind backend) {
    try {
      SharedBus.open(BusOptions.defaults().withBackend(backend)).close();
    } catch (IOException e) {
      Assumptions.abort(backend.label() + " is not available here: " + e.getMessage());
    }
  }
}
