package dev.iobus;

import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// What is promised of slots on kernels that lack what it would use.
@ParameterizedClass
@EnumSource(
    value = OldKernel.class,
    names = {
      "WITHOUT_EXT_ARG",
      "WITHOUT_LINKED_FILE",
      "WITHOUT_FTRUNCATE",
      "LINUX_5_15",
      "LINUX_5_11"
    })
final class OldKernelFileSlotsTest extends FileSlotsContract {

  @RegisterExtension final TestKernel<LimitedKernel> kernel;

  OldKernelFileSlotsTest(OldKernel old) {
    kernel = new TestKernel<>(old.open());
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    return kernel.open(options);
  }
}
