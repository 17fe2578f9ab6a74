package dev.iobus;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;

/// On Linux against the library of the system property `dev.iobus.kqueue.library`.
final class KqueueFileSlotsTest extends FileSlotsContract {

  @BeforeAll
  static void needsKqueue() {
    KqueueBusTest.needs();
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    return Bus.open(options.withBackend(BackendKind.KQUEUE));
  }
}
