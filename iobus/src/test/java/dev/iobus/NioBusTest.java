package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.opened;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.backend.HeldFile;
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
import org.junit.jupiter.api.Timeout;

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

  /// It was opened, where somebody opened its other end, and every transfer failed; where nobody did, the
  /// open never ended, a cancel was refused, and the 16th such one left no worker for other files.
  @Test
  @Timeout(60)
  void aPipeIsNotOpened() throws Exception {
    Path pipe = NamedPipe.make(directory.resolve("pipe"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), pipe);
    try (Bus bus = open(64)) {
      for (int i = 0; i < 16; i++) {
        assertPipeIsRefused(bus, bus.open(i % 2 == 0 ? pipe : link), Result::endOpen);
      }
      assertPipeIsRefused(bus, bus.create(pipe, OpenFlag.READ), Result::endOpen);
      assertPipeIsRefused(bus, bus.openRegistered(pipe), Result::endOpenRegistered);
      Handle anew = bus.create(pipe, OpenFlag.EXCLUSIVE);
      BusException exists = assertThrows(BusException.class, () -> opened(bus, anew));
      assertEquals("EEXIST", exists.errnoName());
      closeFile(bus, openNew(bus, "file"));
    }
  }

  private static void assertPipeIsRefused(Bus bus, Handle handle, OneBus.End<?> end)
      throws IOException {
    String path = handle.target();
    bus.submit(handle);
    Result result = requireNonNull(bus.dispatch(10_000_000_000L), "stuck");
    NotSupportedException refused =
        assertThrows(NotSupportedException.class, () -> end.of(result));
    assertTrue(refused.toString().contains(path + ": EOPNOTSUPP"), refused::toString);
    assertTrue(refused.toString().contains("no transfers on pipes"), refused::toString);
    bus.done(result);
  }

  /// Every transfer failed with EIO.
  @Test
  void whatNioLacksOfTerminalsIsSaid() throws Exception {
    Path terminal = Path.of("/dev/ptmx");
    Assumptions.assumeTrue(Files.isWritable(terminal), "no terminals on this host");
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = opened(bus, bus.open(terminal, OpenFlag.READ, OpenFlag.WRITE));
      MemorySegment memory = arena.allocate(8);
      assertLacksStreams(bus, bus.read(file, memory, 0), Result::endRead);
      MemorySegment[] parts = {memory};
      assertLacksStreams(bus, bus.read(file, parts, 0), Result::endRead);
      assertLacksStreams(bus, bus.write(file, memory, 0, WriteFlag.NONE), Result::endWrite);
      Handle whole = bus.writeFully(file, memory, 0, WriteFlag.NONE);
      assertLacksStreams(bus, whole, Result::endWriteFully);
      closeFile(bus, file);
    }
  }

  private static void assertLacksStreams(Bus bus, Handle handle, OneBus.End<?> end)
      throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    NotSupportedException refused =
        assertThrows(NotSupportedException.class, () -> end.of(result));
    assertTrue(refused.toString().contains("a terminal"), refused::toString);
    bus.done(result);
  }

  /// A write that a worker cannot end stands for a kernel that does not give a buffer back.
  @Test
  void whatOutlivesTheDeadlineIsReported() throws Exception {
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
    try (Bus other = open(4)) {
      OpenFile file = openNew(other, "held");
      try (HeldFile held = HeldFile.hold(file.descriptor())) {
        requireNonNull(held);
        Bus bus =
            Bus.open(
                BusOptions.defaults()
                    .withBackend(BackendKind.NIO)
                    .withCloseDeadline(Duration.ofMillis(100)));
        bus.submit(bus.write(file, Arena.global().allocate(8), 0, WriteFlag.NONE));
        Thread.sleep(100);
        bus.close();
        assertThrows(IllegalStateException.class, bus::nop);
      }
      assertEquals(1, reports.size());
      assertTrue(reports.getFirst().contains("write " + file.path()), reports::toString);
      closeFile(other, file);
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
  }
}
