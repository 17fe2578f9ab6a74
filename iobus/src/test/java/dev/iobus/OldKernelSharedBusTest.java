package dev.iobus;

import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// The whole contract of a shared bus on kernels that lack something.
@ParameterizedClass
@EnumSource(
    value = OldKernel.class,
    mode = EnumSource.Mode.EXCLUDE,
    names = {
      "WITHOUT_DEFER_TASKRUN",
      "WITHOUT_SINGLE_ISSUER",
      "WITHOUT_RING_FD",
      "WITHOUT_MIN_TIMEOUT",
      "WITHOUT_NAME_ENTRIES",
      "WITHOUT_SOCKET_ENTRIES",
      "WITHOUT_BIND_ENTRIES",
      "WITHOUT_SEND_ZC",
      "WITHOUT_BUFFER_RINGS",
      "WITHOUT_INCREMENTAL_BUFFERS"
    })
final class OldKernelSharedBusTest extends SharedBusContract {

  private final OldKernel old;
  @RegisterExtension final TestKernel<LimitedKernel> kernel;

  OldKernelSharedBusTest(OldKernel old) {
    this.old = old;
    kernel = new TestKernel<>(old.open());
  }

  @Override
  int rounds(int usual) {
    return Math.max(1, usual / (old.hasAnotherRing() ? 4 : 20));
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  SharedBus open(BusOptions options) throws IOException {
    return kernel.openShared(options);
  }
}
