package dev.iobus.endurance;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import java.io.IOException;
import org.junit.jupiter.api.Assumptions;

/// What this host offers.
final class Host {

  private Host() {}

  /// Options of a bus on a backend; the test is skipped where the host has none.
  static BusOptions options(BackendKind kind, int capacity) {
    BusOptions options = BusOptions.defaults().withBackend(kind).withCapacity(capacity).withFiles(4);
    try {
      Bus.open(options).close();
    } catch (IOException e) {
      Assumptions.abort(kind + " is not available on this host: " + e.getMessage());
    }
    return options;
  }
}
