package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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

/// Plain operations that the kernel does not have for a file, and their handles after it.
@Timeout(60)
final class RefusedPlainTest {

  private static final int REFUSALS = 4;

  private static final BusOptions OPTIONS =
      BusOptions.defaults().withBackend(BackendKind.IO_URING).withCapacity(1);

  @TempDir Path directory;

  @BeforeEach
  void needsNops() {
    RetryTest.needsNopsWithResults();
  }

  @Test
  void aReadThatIsNotSupportedLeavesAHandleThatReads() throws IOException {
    Path numbers = Files.write(directory.resolve("file"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    try (AnsweringKernel kernel = AnsweringKernel.ofReads(-Errno.EOPNOTSUPP, REFUSALS);
        Bus bus = Bus.open(OPTIONS, () -> kernel);
        Arena arena = Arena.ofShared()) {
      OpenFile file = BusSteps.opened(bus, bus.open(numbers));
      MemorySegment into = arena.allocate(8);
      for (int i = 0; i < REFUSALS; i++) {
        bus.submit(bus.read(file, into, 0));
        Result result = bus.dispatch();
        NotSupportedException refused =
            assertThrows(NotSupportedException.class, result::endRead);
        assertEquals("read", refused.operation());
        assertEquals(Errno.EOPNOTSUPP, result.errno());
        bus.done(result);
      }
      assertEquals(0, into.get(ValueLayout.JAVA_LONG, 0));
      bus.submit(bus.read(file, into, 0));
      Result result = bus.dispatch();
      assertEquals(8, result.endRead());
      bus.done(result);
      assertEquals(0x0807060504030201L, into.get(ValueLayout.JAVA_LONG, 0));
      BusSteps.closeFile(bus, file);
    }
  }
}
