package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/// Sockets, readiness and time on a kernel that refuses calls now and then: nobody notices.
final class DisturbedNetworkTest extends NetworkContract {

  private static long disturbances;

  private final DisturbedKernel kernel = new DisturbedKernel(2026);

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @AfterEach
  @Override
  void closeBus() {
    super.closeBus();
    disturbances += kernel.disturbances();
    kernel.close();
  }

  /// Over all tests: one whose results are all there at once makes so few calls that none may be
  /// refused.
  @AfterAll
  static void callsWereRefused() {
    assertTrue(disturbances > 100, () -> disturbances + " refused calls");
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
