package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// A bus on a kernel that refuses calls now and then: nobody notices.
final class DisturbedBusTest extends BusContract {

  private final DisturbedKernel kernel = new DisturbedKernel(2026);

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @AfterEach
  void letGo() {
    kernel.close();
  }

  @Test
  void theKernelIsDisturbed() throws IOException {
    try (Bus bus = open(8)) {
      for (int i = 0; i < 100; i++) {
        bus.submit(bus.nop());
        bus.done(bus.dispatch());
      }
    }
    assertTrue(kernel.disturbances() > 10);
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
