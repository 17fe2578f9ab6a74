package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Sockets, readiness and time on a kernel that refuses calls now and then: nobody notices.
final class DisturbedNetworkTest extends NetworkContract {

  private static long disturbances;

  @RegisterExtension
  final TestKernel<DisturbedKernel> kernel = new TestKernel<>(new DisturbedKernel(2026));

  @AfterEach
  @Override
  void closeBus() {
    super.closeBus();
    disturbances += kernel.kernel.disturbances();
  }

  /// Over all tests: one whose results are all there at once makes so few calls that none may be
  /// refused.
  @AfterAll
  static void callsWereRefused() {
    assertTrue(disturbances > 100, () -> disturbances + " refused calls");
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
