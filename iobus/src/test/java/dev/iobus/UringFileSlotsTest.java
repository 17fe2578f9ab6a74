package dev.iobus;

import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;

final class UringFileSlotsTest extends FileSlotsContract {

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    return Bus.open(options.withBackend(BackendKind.IO_URING));
  }
}
