package dev.iobus;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

final class UringSharedBusTest extends SharedBusContract {

  @BeforeAll
  static void needsIoUring() {
    try {
      SharedBus.open(BusOptions.defaults().withBackend(BackendKind.IO_URING)).close();
    } catch (java.io.IOException e) {
      Assumptions.abort("io_uring is not available: " + e.getMessage());
    }
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }
}
