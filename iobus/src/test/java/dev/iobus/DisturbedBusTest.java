package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A bus on a kernel that refuses calls now and then: nobody notices.
final class DisturbedBusTest extends BusContract {

  @RegisterExtension
  final TestKernel<DisturbedKernel> kernel = new TestKernel<>(new DisturbedKernel(2026));

  @Test
  void theKernelIsDisturbed() throws IOException {
    try (Bus bus = open(8)) {
      for (int i = 0; i < 100; i++) {
        bus.submit(bus.nop());
        bus.done(bus.dispatch());
      }
    }
    assertTrue(kernel.kernel.disturbances() > 10);
  }

  @Override
  public BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  public Bus open(int capacity) throws IOException {
    return kernel.open(BusOptions.defaults().withCapacity(capacity));
  }
}
