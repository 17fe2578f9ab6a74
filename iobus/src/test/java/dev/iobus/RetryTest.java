package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.posix.Errno;
import dev.iobus.uring.AnsweringKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Operations of a shared bus that the kernel asks to submit again: a few times nobody notices, and
/// nobody waits for ever.
@Timeout(60)
final class RetryTest {

  private static final BusOptions OPTIONS =
      BusOptions.defaults().withBackend(BackendKind.IO_URING).withCapacity(8);

  @TempDir Path directory;

  @BeforeEach
  void needsNops() {
    needsNopsWithResults();
  }

  /// For [AnsweringKernel].
  static void needsNopsWithResults() {
    UringBusTest.needsIoUring();
    String[] release = System.getProperty("os.version").split("[^0-9]+");
    int version = Integer.parseInt(release[0]) * 1000 + Integer.parseInt(release[1]);
    assumeTrue(version >= 6010, "Linux before 6.10 has no nops with results");
  }

  private Path numbers() throws IOException {
    return Files.write(directory.resolve("file"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
  }

  @Test
  void aFewRetriesAreNotNoticed() throws IOException {
    for (int errno : new int[] {Errno.EAGAIN, Errno.EINTR}) {
      try (AnsweringKernel kernel = AnsweringKernel.ofReads(-errno, 50);
          SharedBus bus = SharedBus.open(OPTIONS, () -> kernel);
          Arena arena = Arena.ofShared()) {
        OpenFile file = bus.open(numbers());
        MemorySegment memory = arena.allocate(8);
        IoBatch batch = bus.newBatch(2);
        batch.read(file, memory.asSlice(0, 4), 0);
        batch.read(file, memory.asSlice(4, 4), 4);
        batch.await();
        assertEquals(4, batch.result(0));
        assertEquals(4, batch.result(1));
        assertEquals(0, kernel.left());
        assertEquals(0x0807060504030201L, memory.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(52, bus.stats().requests("read"));
        bus.close(file);
      }
      try (AnsweringKernel kernel = AnsweringKernel.ofStats(-errno, 20);
          SharedBus bus = SharedBus.open(OPTIONS, () -> kernel)) {
        OpenFile file = bus.open(numbers());
        assertEquals(8, bus.stat(file).size());
        assertEquals(0, kernel.left());
        bus.close(file);
      }
    }
  }

  @Test
  void aTransferThatIsNeverReadyEndsWithTheError() throws IOException {
    try (AnsweringKernel kernel = AnsweringKernel.ofReads(-Errno.EAGAIN, Integer.MAX_VALUE);
        SharedBus bus = SharedBus.open(OPTIONS, () -> kernel);
        Arena arena = Arena.ofShared()) {
      OpenFile file = bus.open(numbers());
      IoBatch batch = bus.newBatch(2);
      batch.read(file, arena.allocate(4), 0);
      batch.read(file, arena.allocate(4), 4);
      batch.await();
      for (int i = 0; i < 2; i++) {
        int index = i;
        IOException e = assertThrows(IOException.class, () -> batch.result(index));
        assertTrue(requireNonNull(e.getMessage()).contains("EAGAIN"), e.getMessage());
      }
      assertEquals(2 * (Retry.MAX + 1), bus.stats().requests("read"));
      bus.close(file);
    }
  }

  @Test
  void aCallThatIsNeverReadyEndsWithTheError() throws IOException {
    try (AnsweringKernel kernel = AnsweringKernel.ofStats(-Errno.EAGAIN, Integer.MAX_VALUE);
        SharedBus bus = SharedBus.open(OPTIONS, () -> kernel)) {
      OpenFile file = bus.open(numbers());
      IOException e = assertThrows(IOException.class, () -> bus.stat(file));
      assertTrue(requireNonNull(e.getMessage()).contains("EAGAIN"), e.getMessage());
      bus.close(file);
    }
  }
}
