package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A shared bus of one ring on a kernel that refuses calls now and then: nobody notices.
final class DisturbedSharedBusTest extends SharedBusContract {

  @RegisterExtension
  final TestKernel<DisturbedKernel> kernel = new TestKernel<>(new DisturbedKernel(2026));

  @Test
  void theKernelIsDisturbed() throws IOException {
    for (int i = 0; i < 100; i++) {
      assertThrows(BusException.class, () -> bus.unlink(directory.resolve("none")));
    }
    assertTrue(kernel.kernel.disturbances() > 10);
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  SharedBus open(BusOptions options) throws IOException {
    return kernel.openShared(options.withRings(1));
  }
}
