package dev.iobus.storage.file;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import java.io.IOException;
import org.junit.jupiter.api.Assumptions;

/// Busses for tests, on the backend asked for; where this host lacks it the test is skipped.
public final class TestBus {

  private TestBus() {}

  /// Skips the test where two busses cannot be open at once: the rings of all processes of a user
  /// share one limit of locked memory.
  public static void needsTwo(BackendKind kind) {
    try (SharedBus first = open(kind);
        SharedBus second = SharedBus.open(BusOptions.defaults().withBackend(kind))) {
      assert first.backend() == second.backend();
    } catch (IOException e) {
      Assumptions.abort("no two busses on " + kind.label() + " here: " + e.getMessage());
    }
  }

  public static SharedBus open(BackendKind kind) {
    try {
      return SharedBus.open(BusOptions.defaults().withBackend(kind).withCapacity(64));
    } catch (IOException e) {
      Assumptions.abort(kind.label() + " is not available: " + e.getMessage());
      throw new AssertionError(e);
    }
  }
}
