package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// On Linux against the library of the system property `dev.iobus.kqueue.library`.
final class KqueueBusTest extends BusContract implements PipeContract {

  @BeforeAll
  static void needsKqueue() {
    needs();
  }

  static void needs() {
    try {
      Bus.open(BusOptions.defaults().withBackend(BackendKind.KQUEUE)).close();
    } catch (IOException e) {
      Assumptions.abort("kqueue is not available on this host: " + e.getMessage());
    }
  }

  @Override
  public BackendKind kind() {
    return BackendKind.KQUEUE;
  }

  @Test
  void readsOfAPipeWaitForBytesInTheirOrder() throws Exception {
    try (Bus bus = open(16);
        Arena arena = Arena.ofShared()) {
      Pipe pipe = Pipe.open(bus, directory.resolve("pipe"));
      MemorySegment read = arena.allocate(3 * 8);
      for (int i = 0; i < 3; i++) {
        bus.submit(bus.read(pipe.reader(), read.asSlice(8L * i, 8), 0).attach(i));
        assertNull(bus.dispatch(20_000_000), "a read of an empty pipe waits");
      }
      MemorySegment written = arena.allocate(8);
      for (int i = 0; i < 3; i++) {
        written.set(ValueLayout.JAVA_LONG, 0, 100 + i);
        bus.submit(bus.write(pipe.writer(), written, 0, WriteFlag.NONE).attach("write"));
        for (int n = 0; n < 2; n++) {
          Result result = bus.dispatch();
          if ("write".equals(result.attachment())) {
            assertEquals(8, result.endWrite());
          } else {
            assertEquals(i, result.attachment());
            assertEquals(8, result.endRead());
          }
          bus.done(result);
        }
        assertEquals(100 + i, read.get(ValueLayout.JAVA_LONG, 8L * i));
      }
      pipe.close(bus);
    }
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

  @Test
  void readsBeforeACloseAreReadsOfThatFile() throws Exception {
    try (Bus bus = open(256);
        Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(8L * 200);
      MemorySegment number = arena.allocate(8);
      for (int round = 0; round < 50; round++) {
        OpenFile file = openNew(bus, "r" + round);
        number.set(ValueLayout.JAVA_LONG, 0, round);
        bus.submit(bus.write(file, number, 0, WriteFlag.NONE));
        bus.done(bus.dispatch());
        for (int i = 0; i < 200; i++) {
          bus.enqueue(bus.read(file, memory.asSlice(8L * i, 8), 0));
        }
        bus.enqueue(bus.close(file));
        bus.enqueue(bus.create(directory.resolve("other" + round), OpenFlag.READ));
        OpenFile other = null;
        for (int i = 0; i < 202; i++) {
          Result result = bus.dispatch();
          switch (result.handle().operation()) {
            case "read" -> assertEquals(8, result.endRead());
            case "close" -> result.endClose();
            default -> other = result.endOpen();
          }
          bus.done(result);
        }
        for (int i = 0; i < 200; i++) {
          assertEquals(round, memory.get(ValueLayout.JAVA_LONG, 8L * i));
        }
        closeFile(bus, requireNonNull(other));
      }
    }
  }
}
