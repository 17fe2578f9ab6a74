package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What busses promise of pipes that stand on a kernel which lets them wait for some.
interface PipeContract extends BusHost {

  /// Both ends of a pipe that has a name, which open(2) lets wait for each other.
  record Pipe(OpenFile reader, OpenFile writer) {

    static Pipe open(Bus bus, Path path) throws Exception {
      NamedPipe.make(path);
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
  default void aFullPipeIsWrittenWhenItIsRead() throws Exception {
    try (Bus bus = open(64);
        Arena arena = Arena.ofShared()) {
      Pipe pipe = Pipe.open(bus, directory().resolve("pipe"));
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
  default void aWaitingReadIsCancelledAndItsChainWithIt() throws Exception {
    try (Bus bus = open(16);
        Arena arena = Arena.ofShared()) {
      Pipe pipe = Pipe.open(bus, directory().resolve("pipe"));
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
  default void closeEndsAWaitingReadAndTheEndOfAPipeIsSeen() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(64);
      Bus bus = open(16);
      Pipe pipe = Pipe.open(bus, directory().resolve("pipe"));
      Pipe second = Pipe.open(bus, directory().resolve("second"));
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
      assertFalse(Files.isRegularFile(directory().resolve("pipe")));
    }
  }

  @Test
  default void filesAndPipesCanBePolled() throws Exception {
    try (Bus bus = open(16)) {
      OpenFile file = openNew(bus, "file");
      bus.submit(bus.poll(file, Readiness.READABLE));
      Result always = requireNonNull(bus.dispatch(10 * SECOND), "stuck");
      assertEquals(Set.of(Readiness.READABLE), always.endPoll());
      bus.done(always);
      closeFile(bus, file);
      Pipe pipe = Pipe.open(bus, directory().resolve("pipe"));
      bus.submit(bus.poll(pipe.writer(), Readiness.WRITABLE));
      Result empty = requireNonNull(bus.dispatch(10 * SECOND), "stuck");
      assertEquals(Set.of(Readiness.WRITABLE), empty.endPoll());
      bus.done(empty);
      Handle poll = bus.poll(pipe.reader(), Readiness.READABLE);
      bus.submit(poll);
      assertNull(bus.dispatch(1_000_000));
      bus.submit(bus.close(pipe.writer()));
      for (int i = 0; i < 2; i++) {
        Result result = requireNonNull(bus.dispatch(10 * SECOND), "stuck");
        if (result.handle().equals(poll)) {
          assertTrue(result.endPoll().contains(Readiness.HANGUP));
        }
        bus.done(result);
      }
      closeFile(bus, pipe.reader());
    }
  }

  @Test
  default void aDeadlineEndsAReadOfAPipe() throws Exception {
    try (Bus bus = open(16);
        Arena arena = Arena.ofShared()) {
      Pipe pipe = Pipe.open(bus, directory().resolve("pipe"));
      MemorySegment into = arena.allocate(8);
      for (int round = 0; round < 3; round++) {
        bus.submit(bus.read(pipe.reader(), into, 0).deadline(Duration.ofMillis(5)));
        Result result = requireNonNull(bus.dispatch(10 * SECOND), "stuck");
        assertThrows(TimedOutException.class, result::endRead);
        bus.done(result);
      }
      finish(bus, bus.write(pipe.writer(), into, 0, WriteFlag.NONE));
      finish(bus, bus.read(pipe.reader(), into, 0));
      pipe.close(bus);
    }
  }
}
