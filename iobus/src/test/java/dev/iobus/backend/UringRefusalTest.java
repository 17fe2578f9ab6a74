package dev.iobus.backend;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.NamedPipe;
import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import dev.iobus.uring.UringAbi;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the backend makes of refusals, with the system calls replaced.
@Timeout(30)
class UringRefusalTest {

  private static final UringRefusal PLAIN_HOST = new UringRefusal("0", 8 << 20, false);

  /// The kernel, but for the calls that a test answers itself: an answer of 1 means "ask the
  /// kernel".
  private static final class Faulty implements UringSyscalls {

    UringSyscalls kernel = UringSyscalls.kernel();
    int slotsGranted = Integer.MAX_VALUE;
    IntUnaryOperator setup = n -> 1;
    IntUnaryOperator enter = n -> 1;
    IntUnaryOperator register = opcode -> 1;
    int enters;
    int setups;

    @Override
    public int io_uring_setup(MemorySegment errno, int entries, MemorySegment params) {
      int answer = setup.applyAsInt(setups++);
      return answer == 1 ? kernel.io_uring_setup(errno, entries, params) : answer;
    }

    @Override
    public int io_uring_enter(
        MemorySegment errno,
        int fd,
        int toSubmit,
        int minComplete,
        int flags,
        MemorySegment argument,
        long argumentSize) {
      int answer = enter.applyAsInt(enters++);
      return answer == 1
          ? kernel.io_uring_enter(errno, fd, toSubmit, minComplete, flags, argument, argumentSize)
          : answer;
    }

    @Override
    public int io_uring_register(
        MemorySegment errno, int fd, int opcode, MemorySegment argument, int count) {
      int answer = register.applyAsInt(opcode);
      boolean files = opcode == UringAbi.IORING_REGISTER_FILES2;
      if (files && argument.get(ValueLayout.JAVA_INT, 0) > slotsGranted) {
        return -Errno.EMFILE;
      }
      return answer == 1 ? kernel.io_uring_register(errno, fd, opcode, argument, count) : answer;
    }
  }

  private static UringUnavailableException refused(UringRefusal host, int errno) {
    Faulty syscalls = new Faulty();
    syscalls.setup = n -> -errno;
    return assertThrows(
        UringUnavailableException.class, () -> UringBackend.open(syscalls, host, true, 8, 8));
  }

  private static void assertCause(
      UringUnavailableException e, int errno, boolean fallback, String... words) {
    assertEquals(errno, e.errno());
    assertEquals(fallback, e.fallback(), e.getMessage());
    for (String word : words) {
      assertTrue(requireNonNull(e.getMessage()).contains(word), e.getMessage());
    }
  }

  @Test
  void anOldKernelIsNamed() {
    assertCause(refused(PLAIN_HOST, Errno.ENOSYS), Errno.ENOSYS, true, "older than 5.1");
    assertCause(refused(PLAIN_HOST, Errno.EINVAL), Errno.EINVAL, true, "5.11");
  }

  @ParameterizedTest
  @EnumSource(
      value = KernelFeature.class,
      names = {"NODROP", "SUBMIT_STABLE", "SINGLE_MMAP", "OPENAT", "UNLINKAT"})
  void aKernelWithoutWhatIsNeededIsNotUsed(KernelFeature needed) {
    try (LimitedKernel kernel = new LimitedKernel(List.of(needed))) {
      UringUnavailableException e =
          assertThrows(
              UringUnavailableException.class,
              () -> UringBackend.open(kernel, PLAIN_HOST, true, 8, 8));
      Assumptions.assumeFalse(
          e.errno() != 0, () -> "io_uring is not available on this host: " + e.getMessage());
      assertCause(e, 0, true, "5.11");
    }
  }

  @Test
  void sysctlAndSeccompAreToldApart() {
    int eperm = Errno.EPERM;
    assertCause(refused(PLAIN_HOST, eperm), eperm, true, "seccomp");
    assertCause(refused(new UringRefusal("", -1, true), eperm), eperm, true, "seccomp");
    assertCause(
        refused(new UringRefusal("1", -1, true), eperm), eperm, true, "kernel.io_uring_group");
    assertCause(
        refused(new UringRefusal("2", -1, true), eperm),
        eperm,
        true,
        "sysctl kernel.io_uring_disabled=0");
  }

  @Test
  void aSmallMemlockIsReportedAndAShortageIsNotHidden() {
    int enomem = Errno.ENOMEM;
    assertCause(
        refused(new UringRefusal("0", 65536, false), enomem),
        enomem,
        true,
        "65536 bytes",
        "raise memlock (ulimit -l) or choose the nio backend");
    assertCause(refused(new UringRefusal("0", -1, false), enomem), enomem, false, "out of memory");
    assertCause(refused(new UringRefusal("0", 0, true), enomem), enomem, false, "out of memory");
    assertCause(
        refused(PLAIN_HOST, Errno.EMFILE), Errno.EMFILE, false, "too many open files");
  }

  @Test
  void thisHostIsRead() {
    UringRefusal host = UringRefusal.ofThisProcess();
    assertTrue(host.memlockBytes() >= -1);
    assertTrue(List.of("", "0", "1", "2").contains(host.uringDisabled()), host.uringDisabled());
  }

  @Test
  void optionalFeaturesAreGivenUpOneByOne() throws Exception {
    for (int refusals = 0; refusals <= 4; refusals++) {
      int last = refusals;
      Faulty syscalls = new Faulty();
      syscalls.setup = n -> n < last ? -Errno.EINVAL : 1;
      UringBackend backend = openOrSkip(syscalls, false);
      try {
        String features = backend.describe();
        assertEquals(refusals < 1, features.contains("NO_SQARRAY"), features);
        assertEquals(refusals < 2, features.contains("DEFER_TASKRUN"), features);
        assertEquals(refusals < 3, features.contains("SINGLE_ISSUER"), features);
        assertEquals(refusals < 4, features.contains("SUBMIT_ALL"), features);
        assertEquals(List.of(0L, 1L, 2L), nops(backend, 3));
      } finally {
        backend.close(false);
      }
    }
  }

  @Test
  void refusedSubmissionsLoseNothing() throws Exception {
    for (int errno : new int[] {Errno.EINTR, Errno.EAGAIN, Errno.EBUSY}) {
      for (boolean shared : new boolean[] {false, true}) {
        Faulty syscalls = new Faulty();
        UringBackend backend = openOrSkip(syscalls, shared);
        try {
          syscalls.enter = n -> n % 3 == 0 ? 1 : -errno;
          for (int round = 0; round < 20; round++) {
            assertEquals(List.of(0L, 1L, 2L), nops(backend, 3));
          }
        } finally {
          backend.close(false);
        }
      }
    }
  }

  /// The thread sleeps once for a batch; without the kernel's help, once more when nothing came.
  @Test
  void aBatchIsOneSystemCall(@TempDir Path directory) throws Exception {
    Path fifo = NamedPipe.make(directory.resolve("fifo"));
    Faulty syscalls = new Faulty();
    UringBackend backend = openOrSkip(syscalls, false);
    long second = 1_000_000_000L;
    try (RandomAccessFile both = new RandomAccessFile(fifo.toFile(), "rw");
        Arena arena = Arena.ofShared()) {
      Request open = new Request();
      open.op = Op.OPEN;
      open.path = fifo;
      open.openBits = OpenBits.READ;
      backend.prepare(open);
      int[] file = new int[1];
      assertEquals(1, backend.submitAndAwait(1, second, (u, result, f) -> file[0] = result));
      for (int i = 0; i < 8; i++) {
        Request read = new Request();
        read.op = Op.READ;
        read.file = file[0];
        read.buffer = arena.allocate(1);
        read.length = 1;
        backend.prepare(read);
      }
      Thread writer =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 8; i++) {
                      LockSupport.parkNanos(1_000_000);
                      write(both);
                    }
                  });
      int before = syscalls.enters;
      assertEquals(8, backend.submitAndAwait(8, 5 * second, 10 * second, (u, r, f) -> {}));
      assertEquals(before + 1, syscalls.enters);
      writer.join();

      Request late = new Request();
      late.op = Op.TIMEOUT;
      late.timeoutNanos = 30_000_000;
      backend.prepare(late);
      int enters = syscalls.enters;
      int passed = backend.submitAndAwait(8, 1_000_000, 10 * second, (u, r, f) -> {});
      boolean batches = backend.describe().contains("MIN_TIMEOUT");
      assertEquals(batches ? 1 : 0, passed, "the kernel goes on for one");
      assertEquals(enters + 1, syscalls.enters);
      assertEquals(1, passed + backend.await(1 - passed, second, (u, r, f) -> {}));
      backend.closeDescriptor(file[0]);
    } finally {
      backend.close(false);
    }
  }

  private static void write(RandomAccessFile file) {
    try {
      file.write(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void anErrorThatEndsTheRingIsReported() throws Exception {
    Faulty syscalls = new Faulty();
    UringBackend backend = openOrSkip(syscalls, false);
    syscalls.enter = n -> -Errno.EBADFD;
    backend.prepare(new Request());
    assertEquals(-Errno.EBADFD, backend.submit());
    assertEquals(-Errno.EBADFD, backend.submitAndAwait(1, 1_000_000, (u, r, f) -> {}));
    assertEquals(-Errno.EBADFD, backend.await(1, 1_000_000, (u, r, f) -> {}));
    syscalls.enter = n -> 1;
    assertEquals(1, backend.submitAndAwait(1, 1_000_000_000, (u, r, f) -> {}));
    backend.close(false);
  }

  @Test
  void refusedRegistrationsAreAnswers() throws Exception {
    Faulty syscalls = new Faulty();
    syscalls.register = opcode -> opcode == 13 ? -Errno.EMFILE : opcode == 16 ? -Errno.ENOMEM : 1;
    UringBackend backend = openOrSkip(syscalls, true);
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      assertEquals(-Errno.EMFILE, backend.registerFile(0));
      assertEquals(-Errno.ENOMEM, backend.registerBuffer(arena.allocate(4096)));
      assertEquals(List.of(0L), nops(backend, 1));
    } finally {
      backend.close(false);
    }
  }

  /// What never registers a file takes no table; and a kernel before 5.13 would not give one later.
  @Test
  void theTableOfFilesIsMadeByTheFirstOfThem() throws Exception {
    List<Integer> registrations = new ArrayList<>();
    Faulty syscalls = new Faulty();
    syscalls.register =
        opcode -> {
          registrations.add(opcode);
          return 1;
        };
    UringBackend backend = openOrSkip(syscalls, true);
    try {
      assertFalse(registrations.contains(UringAbi.IORING_REGISTER_FILES2));
      for (int i = 0; i < 3; i++) {
        assertEquals(i, backend.reserveFile());
      }
      assertEquals(1, Collections.frequency(registrations, UringAbi.IORING_REGISTER_FILES2));
    } finally {
      backend.close(false);
    }
    assertEquals(1, Collections.frequency(registrations, UringAbi.IORING_UNREGISTER_FILES));

    try (LimitedKernel old = new LimitedKernel(List.of(KernelFeature.RSRC_TAGS))) {
      syscalls.kernel = old;
      registrations.clear();
      UringBackend eager = openOrSkip(syscalls, true);
      assertTrue(registrations.contains(UringAbi.IORING_REGISTER_FILES));
      registrations.clear();
      assertEquals(0, eager.reserveFile());
      assertEquals(List.of(), registrations);
      eager.close(false);
    }
  }

  @Test
  void theTableOfFilesIsAsLongAsTheKernelGrants() throws Exception {
    Faulty syscalls = new Faulty();
    openOrSkip(syscalls, false).close(false);
    for (int granted : new int[] {1, 5, 64}) {
      syscalls.slotsGranted = granted;
      UringBackend backend = UringBackend.open(syscalls, PLAIN_HOST, false, 8, 1 << 20);
      try {
        int slots = 0;
        while (backend.reserveFile() >= 0) {
          slots++;
        }
        assertTrue(slots <= granted && 2 * slots >= granted, slots + " of " + granted);
        assertEquals(-Errno.ENFILE, backend.reserveFile());
        backend.unregisterFile(slots - 1);
        assertEquals(slots - 1, backend.reserveFile());
      } finally {
        backend.close(false);
      }
    }
    Assumptions.assumeTrue(Libc.openFilesMax() < 65_536, "as many take too long to fill");
    syscalls.slotsGranted = (int) Libc.openFilesMax();
    UringBackend backend = UringBackend.open(syscalls, PLAIN_HOST, false, 8, 1 << 20);
    for (int i = 0; i < syscalls.slotsGranted; i++) {
      assertEquals(i, backend.reserveFile());
    }
    assertEquals(-Errno.ENFILE, backend.reserveFile());
    backend.close(false);
  }

  private static UringBackend openOrSkip(Faulty syscalls, boolean shared) throws Exception {
    try {
      UringBackend.open(true, 8, 0, UringSyscalls::kernel).close(false);
    } catch (UringUnavailableException e) {
      Assumptions.abort(e.getMessage());
    }
    return UringBackend.open(syscalls, PLAIN_HOST, shared, 8, 8);
  }

  private static List<Long> nops(UringBackend backend, int count) {
    List<Long> seen = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Request request = new Request();
      request.userData = i;
      backend.prepare(request);
    }
    assertEquals(0, backend.submit());
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (seen.size() < count && System.nanoTime() < deadline) {
      int passed = backend.await(count, 1_000_000_000, (u, r, f) -> seen.add(u));
      assertTrue(passed >= 0, () -> Errno.name(-passed));
    }
    return seen;
  }
}
