package dev.iobus;

import java.io.IOException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;

final class UringBusTest extends BusContract {

  @BeforeAll
  static void needsIoUring() {
    try {
      Bus.open(BusOptions.defaults().withBackend(BackendKind.IO_URING)).close();
    } catch (IOException e) {
      Assumptions.abort("io_uring is not available on this host: " + e.getMessage());
    }
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }
}
