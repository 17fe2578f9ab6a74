package dev.iobus;

import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// The contract of operations on files on kernels that lack something.
@ParameterizedClass
@EnumSource(
    value = OldKernel.class,
    names = {
      "WITHOUT_EXT_ARG",
      "WITHOUT_FTRUNCATE",
      "WITHOUT_READV_FIXED",
      "WITHOUT_NAME_ENTRIES",
      "WITHOUT_LOCKED_MEMORY",
      "LINUX_6_1",
      "LINUX_5_15",
      "LINUX_5_11"
    })
final class OldKernelFileOperationsTest extends FileOperationsContract {

  @RegisterExtension final TestKernel<LimitedKernel> kernel;

  OldKernelFileOperationsTest(OldKernel old) {
    kernel = new TestKernel<>(old.open());
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  Bus open(BusOptions options) throws IOException {
    return kernel.open(options);
  }
}
