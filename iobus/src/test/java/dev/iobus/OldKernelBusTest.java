package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// The whole contract of a bus on kernels that lack something.
@ParameterizedClass
@EnumSource(
    value = OldKernel.class,
    mode = EnumSource.Mode.EXCLUDE,
    names = {
      "WITHOUT_NAME_ENTRIES",
      "WITHOUT_SOCKET_ENTRIES",
      "WITHOUT_BIND_ENTRIES",
      "WITHOUT_SEND_ZC",
      "WITHOUT_BUFFER_RINGS",
      "WITHOUT_INCREMENTAL_BUFFERS",
      "WITHOUT_CLONE_BUFFERS"
    })
final class OldKernelBusTest extends BusContract {

  private final OldKernel old;
  @RegisterExtension final TestKernel<LimitedKernel> kernel;

  OldKernelBusTest(OldKernel old) {
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

  /// The tests of waits that last the longest are for rings that wait another way.
  @Override
  @Test
  @SuppressWarnings("JUnitMethodInvoked") // The inherited one, which this one replaces.
  public void behindTheLeastWaitTheFirstResultEndsIt() throws Exception {
    if (old.hasAnotherRing()) {
      super.behindTheLeastWaitTheFirstResultEndsIt();
    }
  }

  @Override
  @Test
  @SuppressWarnings("JUnitMethodInvoked") // The inherited one, which this one replaces.
  public void afterTheLeastWaitAPartOfABatchIsEnough() throws IOException {
    if (old.hasAnotherRing()) {
      super.afterTheLeastWaitAPartOfABatchIsEnough();
    }
  }

  @Test
  void whatIsMissingIsNotClaimed() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      List<String> words = List.of(bus.reason().split("[ ,;]+"));
      for (KernelFeature feature : old.missing) {
        assertFalse(words.contains(feature.name()), bus::reason);
      }
      RegisteredBuffer buffer = bus.register(arena.allocate(4096));
      boolean refused =
          old.missing.contains(KernelFeature.RSRC_TAGS)
              || old.missing.contains(KernelFeature.LOCKED_MEMORY);
      assertTrue(refused ? buffer.refusal() != null : buffer.isRegistered(), buffer::toString);
    }
  }
}
