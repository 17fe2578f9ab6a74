package dev.iobus;

import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// What is promised of slots on kernels that lack what it would use.
@ParameterizedClass
@EnumSource(
    value = OldKernel.class,
    names = {"WITHOUT_LINKED_FILE", "WITHOUT_FTRUNCATE", "LINUX_5_15", "LINUX_5_11"})
final class OldKernelFileSlotsTest extends FileSlotsContract {

  private final LimitedKernel kernel;

  OldKernelFileSlotsTest(OldKernel old) {
    kernel = old.open();
  }

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @AfterEach
  @Override
  void closeBus() {
    super.closeBus();
    kernel.close();
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    return Bus.open(options.withBackend(BackendKind.IO_URING), () -> kernel);
  }
}
