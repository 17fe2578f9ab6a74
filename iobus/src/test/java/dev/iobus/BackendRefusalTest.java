package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import dev.iobus.uring.RefusingKernel;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a bus tells when the kernel refuses a ring, or has only a part of one.
final class BackendRefusalTest {

  private static final BusOptions SMALL = BusOptions.defaults().withCapacity(4).withFiles(4);

  @BeforeEach
  void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @Test
  void aForbiddenRingFallsBackAndSaysWhy() throws IOException {
    for (int errno : new int[] {Errno.EPERM, Errno.ENOSYS, Errno.EINVAL}) {
      try (Bus bus = Bus.open(SMALL, () -> new RefusingKernel(errno))) {
        assertEquals(BackendKind.NIO, bus.backend());
        assertTrue(bus.reason().contains("io_uring_setup answered " + Errno.name(errno)));
        assertEquals(bus.reason(), bus.fallbacks().get(0));
        bus.submit(bus.nop());
        bus.done(bus.dispatch());
      }
      try (SharedBus bus = SharedBus.open(SMALL, () -> new RefusingKernel(errno))) {
        assertEquals(BackendKind.NIO, bus.backend());
        assertEquals(bus.reason(), bus.fallbacks().get(0));
      }
    }
  }

  @Test
  void aRingThatWasAskedForIsNotReplaced() {
    BusOptions asked = SMALL.withBackend(BackendKind.IO_URING);
    IOException e =
        assertThrows(
            IOException.class, () -> Bus.open(asked, () -> new RefusingKernel(Errno.EPERM)));
    assertTrue(String.valueOf(e.getMessage()).contains("EPERM"), e.getMessage());
  }

  @Test
  void aLackOfDescriptorsIsAnError() {
    IOException e =
        assertThrows(
            IOException.class, () -> Bus.open(SMALL, () -> new RefusingKernel(Errno.EMFILE)));
    assertTrue(String.valueOf(e.getMessage()).contains("ulimit -n"), e.getMessage());
  }

  /// Where locked memory is limited, that limit is what a fallback answers; else memory is short.
  @Test
  void aLackOfMemoryIsAnErrorOrALimit() {
    try (Bus bus = Bus.open(SMALL, () -> new RefusingKernel(Errno.ENOMEM))) {
      assertEquals(BackendKind.NIO, bus.backend());
      assertTrue(bus.reason().contains("RLIMIT_MEMLOCK"), bus.reason());
    } catch (IOException e) {
      assertTrue(String.valueOf(e.getMessage()).contains("out of memory"), e.getMessage());
    }
  }

  @Test
  void allBackendsAreListedWithACause() {
    List<BackendAvailability> here = Bus.backends();
    assertEquals(
        List.of(BackendKind.IO_URING, BackendKind.KQUEUE, BackendKind.NIO),
        here.stream().map(BackendAvailability::kind).toList());
    for (BackendAvailability backend : here) {
      boolean named = !System.getProperty("dev.iobus.kqueue.library", "").isEmpty();
      boolean wanted = backend.kind() != BackendKind.KQUEUE || named;
      assertEquals(wanted, backend.available(), backend::toString);
      if (!wanted) {
        assertTrue(backend.detail().contains("-Ddev.iobus.kqueue.library="), backend::toString);
      }
    }
    BackendAvailability refused =
        BackendAvailability.ofAll(() -> new RefusingKernel(Errno.ENOSYS)).get(0);
    assertFalse(refused.available());
    assertTrue(refused.detail().startsWith("io_uring_setup answered ENOSYS"), refused::detail);
    assertTrue(refused.toString().startsWith("io_uring: not available: "), refused::toString);
  }

  @Test
  void availabilityCanBeAskedForOnAVirtualThread() throws InterruptedException {
    List<Integer> seen = new java.util.concurrent.CopyOnWriteArrayList<>();
    Thread.ofVirtual().start(() -> seen.add(Bus.backends().size())).join();
    assertEquals(List.of(3), seen);
  }

  @Test
  void whatAKernelLacksIsToldWithWhatIsDoneInstead() throws IOException {
    try (LimitedKernel kernel =
            new LimitedKernel(List.of(KernelFeature.EXT_ARG, KernelFeature.RSRC_TAGS));
        Bus bus = Bus.open(SMALL, () -> kernel)) {
      String told = String.join("\n", bus.fallbacks());
      assertTrue(told.contains("no EXT_ARG (5.11): a wait with a limit takes two"), told);
      assertTrue(told.contains("registered buffers are used as plain memory"), told);
    }
  }
}
