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
final class KqueueBusTest extends BusContract {

  private static final long SECOND = 1_000_000_000L;

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

  /// Both ends of a pipe that has a name, which open(2) lets wait for each other.
  record Pipe(OpenFile reader, OpenFile writer) {

    static Pipe open(Bus bus, Path path) throws Exception {
      Process mkfifo = new ProcessBuilder("mkfifo", path.toString()).start();
      Assumptions.assumeTrue(mkfifo.waitFor() == 0, "no mkfifo on this host");
      Handle reads = bus.open(path);
      Handle writes = bus.open(path, OpenFlag.WRITE);
      bus.submit(reads, writes);
      OpenFile[] ends = new OpenFile[2];
      for (int i = 0; i < 2; i++) {
        Result result = bus.dispatch();
        ends[result.handle().equals(reads) ? 0 : 1] = result.endOpen();
        bus.done(result);
      }
      return new Pipe(ends[0], ends[1]);
    }

    void close(Bus bus) throws IOException {
      closeFile(bus, reader);
      closeFile(bus, writer);
    }
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
  void aFullPipeIsWrittenWhenItIsRead() throws Exception {
    try (Bus bus = open(64);
        Arena arena = Arena.ofShared()) {
      Pipe pipe = Pipe.open(bus, directory.resolve("pipe"));
      MemorySegment block = arena.allocate(4096);
      int writes = 40; // More than the 16 pages of a pipe.
      for (int i = 0; i < writes; i++) {
        bus.enqueue(bus.write(pipe.writer(), block, 0, WriteFlag.NONE));
      }
      MemorySegment sink = arena.allocate(writes * 4096L);
      int read = 0;
      int written = 0;
      bus.enqueue(bus.read(pipe.reader(), sink, 0));
      while (read < writes * 4096 || written < writes) {
        Result result = requireNonNull(bus.dispatch(10 * SECOND), "stuck");
        if (result.handle().operation().equals("write")) {
          assertEquals(4096, result.endWrite());
          written++;
          bus.done(result);
        } else {
          read += result.endRead();
          bus.done(result);
          if (read < writes * 4096) {
            bus.enqueue(bus.read(pipe.reader(), sink, 0));
          }
        }
      }
      assertEquals(writes * 4096, read);
      pipe.close(bus);
    }
  }

  @Test
  void aWaitingReadIsCancelledAndItsChainWithIt() throws Exception {
    try (Bus bus = open(16);
        Arena arena = Arena.ofShared()) {
      Pipe pipe = Pipe.open(bus, directory.resolve("pipe"));
      MemorySegment memory = arena.allocate(64);
      for (int round = 0; round < 50; round++) {
        Handle read = bus.read(pipe.reader(), memory, 0);
        Handle never = bus.nop();
        bus.chain(read, never);
        bus.submit();
        if (round % 2 == 0) {
          assertNull(bus.dispatch(1_000_000));
        }
        Handle cancel = bus.cancel(read);
        bus.submit(cancel);
        for (int i = 0; i < 3; i++) {
          Result result = requireNonNull(bus.dispatch(10 * SECOND), "stuck");
          if (result.handle().equals(cancel)) {
            result.endCancel();
          } else {
            assertEquals(125, result.errno(), result::toString);
          }
          bus.done(result);
        }
      }
      bus.submit(bus.write(pipe.writer(), memory, 0, WriteFlag.NONE));
      bus.done(bus.dispatch());
      bus.submit(bus.read(pipe.reader(), memory, 0));
      Result result = bus.dispatch();
      assertEquals(64, result.endRead(), "the pipe works as before");
      bus.done(result);
      pipe.close(bus);
    }
  }

  @Test
  void closeEndsAWaitingReadAndTheEndOfAPipeIsSeen() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(64);
      Bus bus = open(16);
      Pipe pipe = Pipe.open(bus, directory.resolve("pipe"));
      Pipe second = Pipe.open(bus, directory.resolve("second"));
      bus.submit(bus.read(second.reader(), memory, 0));
      assertNull(bus.dispatch(1_000_000));
      bus.submit(bus.close(second.writer()).attach("close"));
      for (int i = 0; i < 2; i++) {
        Result result = bus.dispatch();
        if (result.attachment() == null) {
          assertEquals(-1, result.endRead());
        }
        bus.done(result);
      }
      bus.submit(bus.read(pipe.reader(), memory, 0));
      // Takes effect behind the read, which nothing but the end of the bus will end.
      bus.submit(bus.close(pipe.reader()));
      Result closed = bus.dispatch();
      closed.endClose();
      bus.done(closed);
      assertNull(bus.dispatch(1_000_000));
      bus.close();
      try (Bus other = open(2)) {
        bus = other;
        closeFile(other, pipe.writer());
        closeFile(other, second.reader());
      }
      assertFalse(Files.isRegularFile(directory.resolve("pipe")));
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
