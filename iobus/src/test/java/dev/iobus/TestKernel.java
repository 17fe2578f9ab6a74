package dev.iobus;

import dev.iobus.uring.OpenedKernel;
import java.io.IOException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A kernel of a test's own, under the busses that it opens; let go of when the test has closed
/// them. The test is skipped on a host without io_uring.
final class TestKernel<K extends OpenedKernel> implements BeforeEachCallback, AfterEachCallback {

  /// Asked once: there are many tests.
  private static boolean hasIoUring;

  final K kernel;

  TestKernel(K kernel) {
    this.kernel = kernel;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (!hasIoUring) {
      UringBusTest.needsIoUring();
      hasIoUring = true;
    }
  }

  Bus open(BusOptions options) throws IOException {
    return Bus.open(options.withBackend(BackendKind.IO_URING), () -> kernel);
  }

  SharedBus openShared(BusOptions options) throws IOException {
    return SharedBus.open(options.withBackend(BackendKind.IO_URING), () -> kernel);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    kernel.close();
  }
}
