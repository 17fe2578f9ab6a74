package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class NioBusTest extends BusContract {

  @Override
  public BackendKind kind() {
    return BackendKind.NIO;
  }

  @Test
  void confinedMemoryIsRefusedBecauseWorkersCannotReachIt() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofConfined()) {
      OpenFile file = openNew(bus, "confined");
      assertThrows(
          IllegalArgumentException.class, () -> bus.read(file, arena.allocate(8), 0));
      closeFile(bus, file);
    }
  }

  /// In the run that is made without it, which would show nothing if it had it.
  @Test
  void nativeAccessIsNotThereWhereItIsDenied() {
    boolean denied = System.getProperty("iobus.native.access", "").equals("denied");
    Assumptions.assumeTrue(denied, "another run of these tests has none");
    assertFalse(Bus.class.getModule().isNativeAccessEnabled());
    assertEquals(
        List.of(BackendKind.NIO),
        Bus.backends().stream()
            .filter(BackendAvailability::available)
            .map(BackendAvailability::kind)
            .toList());
  }

  /// A pipe could be opened, and every transfer then failed with EIO.
  @Test
  void whatNioLacksOfPipesIsSaid() throws Exception {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      PipeContract.Pipe pipe = PipeContract.Pipe.open(bus, directory.resolve("pipe"));
      MemorySegment memory = arena.allocate(8);
      assertLacksPipes(bus, bus.read(pipe.reader(), memory, 0), Result::endRead);
      MemorySegment[] parts = {memory};
      assertLacksPipes(bus, bus.read(pipe.reader(), parts, 0), Result::endRead);
      OpenFile writer = pipe.writer();
      assertLacksPipes(
          bus, bus.write(writer, memory, 0, WriteFlag.NONE), Result::endWrite);
      assertLacksPipes(
          bus, bus.writeFully(writer, memory, 0, WriteFlag.NONE), Result::endWriteFully);
      pipe.close(bus);
    }
  }

  private static void assertLacksPipes(Bus bus, Handle handle, OneBus.End<?> end)
      throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    NotSupportedException refused =
        assertThrows(NotSupportedException.class, () -> end.of(result));
    assertTrue(refused.toString().contains("a pipe"), refused::toString);
    bus.done(result);
  }

  /// A worker that waits for the other end of a pipe stands for a kernel that does not give a
  /// buffer back.
  @Test
  void whatOutlivesTheDeadlineIsReported() throws Exception {
    Path pipe = directory.resolve("pipe");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    Assumptions.assumeTrue(mkfifo.waitFor() == 0, "no mkfifo on this host");
    List<String> reports = new CopyOnWriteArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            reports.add(record.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("dev.iobus");
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      Bus bus =
          Bus.open(
              BusOptions.defaults()
                  .withBackend(BackendKind.NIO)
                  .withCloseDeadline(Duration.ofMillis(100)));
      bus.submit(bus.open(pipe));
      Thread.sleep(100);
      bus.close();
      assertThrows(IllegalStateException.class, bus::nop);
      assertEquals(1, reports.size());
      assertTrue(reports.getFirst().contains("open " + pipe), reports::toString);
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
      Files.newOutputStream(pipe).close();
    }
  }
}
