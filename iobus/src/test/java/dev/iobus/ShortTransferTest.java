package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.ShortKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Full transfers through a whole bus, on a kernel whose reads and writes are mostly short or
/// refused in passing. A direct file takes the rest of a transfer only where the rest begins on its
/// grid: else it answers EINVAL.
@Timeout(60)
final class ShortTransferTest {

  private static final int PAGE = 4096;
  private static final int LENGTH = 2 * Transfer.PIECE_BYTES + 3 * PAGE;
  private static final long SECOND = 1_000_000_000L;

  @TempDir Path directory;

  private final MemorySegment from = Arena.ofAuto().allocate(LENGTH, PAGE);
  private final MemorySegment into = Arena.ofAuto().allocate(LENGTH, PAGE);

  ShortTransferTest() {
    byte[] bytes = new byte[LENGTH];
    new Random(12).nextBytes(bytes);
    MemorySegment.copy(bytes, 0, from, ValueLayout.JAVA_BYTE, 0, LENGTH);
  }

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  /// A direct transfer moves whole sectors.
  private static ShortKernel newKernel(boolean direct, boolean shared) {
    return new ShortKernel(11, direct ? 512 : 1, shared);
  }

  private static void close(ShortKernel kernel) {
    kernel.close();
    assertTrue(kernel.changes() > 10, () -> kernel.changes() + " results were changed");
  }

  private static BusOptions options() {
    return BusOptions.defaults().withBackend(BackendKind.IO_URING).withCapacity(16);
  }

  private static OpenFlag[] flags(boolean direct) {
    List<OpenFlag> flags = new ArrayList<>(List.of(OpenFlag.READ, OpenFlag.WRITE));
    flags.add(OpenFlag.CREATE);
    if (direct) {
      flags.add(OpenFlag.DIRECT);
    }
    return flags.toArray(OpenFlag[]::new);
  }

  private static Result next(Bus bus) throws IOException {
    Result result = bus.dispatch(20 * SECOND);
    assertNotNull(result, "no result");
    return result;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aBusResumesTransfersUntilTheyAreWhole(boolean direct) throws IOException {
    ShortKernel kernel = newKernel(direct, false);
    try (Bus bus = Bus.open(options(), () -> kernel)) {
      bus.submit(bus.open(directory.resolve("f"), flags(direct)));
      Result opened = next(bus);
      OpenFile file;
      try {
        file = opened.endOpen();
      } catch (BusException e) {
        Assumptions.abort("no direct transfers here: " + e.getMessage());
        return;
      }
      bus.done(opened);
      for (WriteFlag flag : List.of(WriteFlag.NONE, WriteFlag.DSYNC)) {
        bus.submit(bus.writeFully(file, from, PAGE, flag));
        Result written = next(bus);
        assertEquals(LENGTH, written.endWriteFully());
        bus.done(written);
        into.fill((byte) 0);
        bus.submit(bus.readFully(file, into, PAGE));
        Result read = next(bus);
        assertEquals(LENGTH, read.endReadFully());
        bus.done(read);
        assertEquals(-1, from.mismatch(into));
      }
      // To the end of the file, which is not on the grid.
      bus.submit(bus.truncate(file, LENGTH - 100));
      bus.done(next(bus));
      bus.submit(bus.readFully(file, into, 0));
      Result read = next(bus);
      assertEquals(LENGTH - 100, read.endReadFully());
      bus.done(read);
      long rest = LENGTH - PAGE - 100;
      assertEquals(-1, from.asSlice(0, rest).mismatch(into.asSlice(PAGE, rest)));
      bus.submit(bus.close(file));
      bus.done(next(bus));
    }
    close(kernel);
  }

  /// On virtual threads, whose transfers go by the ring. What the kernel cancels with a thread is
  /// submitted again.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSharedBusResumesTransfersUntilTheyAreWhole(boolean direct) throws Exception {
    ShortKernel kernel = newKernel(direct, true);
    try (SharedBus bus = SharedBus.open(options(), () -> kernel)) {
      Callers callers = new Callers();
      for (int i = 0; i < 4; i++) {
        Path path = directory.resolve("f" + i);
        MemorySegment back = Arena.ofAuto().allocate(LENGTH, PAGE);
        callers.startVirtual(
            () -> {
              OpenFile file = bus.open(path, flags(direct));
              bus.writeFully(file, from, 0, WriteFlag.NONE);
              assertEquals(LENGTH, bus.readFully(file, back, 0));
              assertEquals(-1, from.mismatch(back));
              bus.truncate(file, LENGTH - 100);
              assertEquals(LENGTH - 100, bus.readFully(file, back, 0));
              bus.close(file);
            });
      }
      callers.await();
    }
    close(kernel);
    assertEquals(LENGTH - 100, Files.size(directory.resolve("f0")));
  }
}
