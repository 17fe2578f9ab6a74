package dev.iobus;

import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// The contract of sockets, readiness and time, and of busses that wait on one another, on kernels that
/// lack something.
@ParameterizedClass
@EnumSource(
    value = OldKernel.class,
    names = {
      "WITHOUT_EXT_ARG",
      "WITHOUT_MULTISHOT_POLL",
      "WITHOUT_SOCKET_ENTRIES",
      "WITHOUT_BIND_ENTRIES",
      "WITHOUT_SEND_ZC",
      "WITHOUT_BUFFER_RINGS",
      "WITHOUT_INCREMENTAL_BUFFERS",
      "LINUX_6_1",
      "LINUX_5_15",
      "LINUX_5_11"
    })
final class OldKernelNetworkTest extends RingNetworkContract {

  private final OldKernel old;
  @RegisterExtension final TestKernel<LimitedKernel> kernel;

  OldKernelNetworkTest(OldKernel old) {
    this.old = old;
    kernel = new TestKernel<>(old.open());
  }

  @Override
  public BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Override
  public Bus open(int capacity) throws IOException {
    return kernel.open(BusOptions.defaults().withCapacity(capacity));
  }

  @Override
  boolean fillsPieceByPiece() {
    return !old.missing.contains(KernelFeature.INCREMENTAL_BUFFERS)
        && !old.missing.contains(KernelFeature.BUFFER_RINGS);
  }

  /// The tests of time that last the longest are for rings that wait another way.
  @Override
  @Test
  @SuppressWarnings("JUnitMethodInvoked") // The inherited one, which this one replaces.
  public void aPointOfTimeDoesNotMove() throws IOException {
    if (old.hasAnotherRing()) {
      super.aPointOfTimeDoesNotMove();
    }
  }

  @Override
  @Test
  @SuppressWarnings("JUnitMethodInvoked") // The inherited one, which this one replaces.
  public void aDeadlineInARunCountsFromWhenItsTurnComes() throws IOException {
    if (old.hasAnotherRing()) {
      super.aDeadlineInARunCountsFromWhenItsTurnComes();
    }
  }
}
