package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/// Sockets, readiness and time on a kernel that refuses calls now and then: nobody notices.
final class DisturbedNetworkTest extends NetworkContract {

  private final DisturbedKernel kernel = new DisturbedKernel(2026);

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @AfterEach
  @Override
  void closeBus() {
    super.closeBus();
    assertTrue(kernel.disturbances() > 0);
    kernel.close();
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  Bus open(int capacity) throws IOException {
    return Bus.open(
        BusOptions.defaults().withBackend(kind()).withCapacity(capacity), () -> kernel);
  }
}
