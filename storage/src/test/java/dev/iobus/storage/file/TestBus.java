package dev.iobus.storage.file;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import java.io.IOException;
import org.junit.jupiter.api.Assumptions;

/// Busses for tests, on the backend asked for; where this host lacks it the test is skipped.
public final class TestBus {

  private TestBus() {}

  public static SharedBus open(BackendKind kind) {
    try {
      return SharedBus.open(BusOptions.defaults().withBackend(kind).withCapacity(64));
    } catch (IOException e) {
      Assumptions.abort(kind.label() + " is not available: " + e.getMessage());
      throw new AssertionError(e);
    }
  }
}
