package dev.iobus;

import static dev.iobus.BusSteps.assertFails;
import static dev.iobus.BusSteps.assertSameBytes;
import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.opened;
import static dev.iobus.BusSteps.pattern;
import static dev.iobus.BusSteps.status;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// What every bus promises of files.
interface FileContract extends BusHost {

  @Test
  default void bytesComeBackAsWritten() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "bytes");
      MemorySegment written = pattern(arena, 10_000, 1);
      for (WriteFlag flag : List.of(WriteFlag.NONE, WriteFlag.DSYNC)) {
        bus.submit(bus.write(file, written, 0, flag));
        Result result = bus.dispatch();
        assertEquals(10_000, result.endWrite());
        bus.done(result);
      }
      finish(bus, bus.sync(file));
      finish(bus, bus.dataSync(file));
      MemorySegment read = arena.allocate(10_000);
      bus.submit(bus.read(file, read, 0));
      Result result = bus.dispatch();
      assertEquals(10_000, result.endRead());
      bus.done(result);
      assertSameBytes(written, read);
      closeFile(bus, file);
      assertTrue(file.isClosed());
      assertThrows(IllegalStateException.class, () -> bus.read(file, read, 0));
    }
  }

  @Test
  default void readIsShortAtTheEndAndMinusOneBehindIt() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "short");
      finish(bus, bus.write(file, arena.allocate(100), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(4096);
      bus.submit(bus.read(file, memory, 40));
      Result part = bus.dispatch();
      assertEquals(60, part.endRead());
      bus.done(part);
      bus.submit(bus.read(file, memory, 100));
      Result end = bus.dispatch();
      assertEquals(-1, end.endRead());
      bus.done(end);
      bus.submit(bus.read(file, memory.asSlice(0, 0), 0));
      Result nothing = bus.dispatch();
      assertEquals(0, nothing.endRead());
      bus.done(nothing);
      closeFile(bus, file);
    }
  }

  @Test
  default void namesAndLengthsChange() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "a");
      finish(bus, bus.write(file, pattern(arena, 500, 3), 0, WriteFlag.NONE));
      finish(bus, bus.truncate(file, 9000));
      assertEquals(9000, status(bus, file).size());
      finish(bus, bus.truncate(file, 100));
      FileStatus status = status(bus, file);
      assertEquals(100, status.size());
      assertFalse(status.directory());
      assertTrue(status.blockSize() > 0);
      assertEquals(host().inode(directory().resolve("a")), status.inode());
      finish(bus, bus.rename(directory().resolve("a"), directory().resolve("b")));
      OpenFile names = opened(bus, bus.open(directory(), OpenFlag.DIRECTORY));
      assertTrue(status(bus, names).directory());
      finish(bus, bus.sync(names));
      closeFile(bus, names);
      assertFalse(host().exists(directory().resolve("a")));
      finish(bus, bus.unlink(directory().resolve("b")));
      assertFalse(host().exists(directory().resolve("b")));
      closeFile(bus, file);
    }
  }

  @Test
  default void filesAreCreatedForTheOwnerAlone() throws IOException {
    try (Bus bus = open(2)) {
      closeFile(bus, openNew(bus, "private"));
      assertEquals(
          PosixFilePermissions.fromString("rw-------"),
          host().permissions(directory().resolve("private")));
    }
  }

  @Test
  default void errorsNameOperationFileAndNumber() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      Path none = directory().resolve("none");
      bus.submit(bus.open(none));
      Result result = bus.dispatch();
      BusException failure = assertThrows(BusException.class, result::endOpen);
      assertEquals("open", failure.operation());
      assertEquals("ENOENT", failure.errnoName());
      String message = requireNonNull(failure.getMessage());
      assertTrue(message.contains(none.toString()), message);
      bus.done(result);

      assertFails("EISDIR", bus, bus.unlink(directory()));
      assertFails("ENOENT", bus, bus.unlink(none));
      assertFails("ENOENT", bus, bus.rename(none, directory().resolve("other")));
      closeFile(bus, openNew(bus, "file"));
      Path file = directory().resolve("file");
      assertFails("EEXIST", bus, bus.create(file, OpenFlag.EXCLUSIVE));
      assertFails("ENOTDIR", bus, bus.open(file, OpenFlag.DIRECTORY));
      assertFails("ENOTDIR", bus, bus.open(file.resolve("below")));
      host().createSymbolicLink(directory().resolve("link"), file);
      assertFails("ELOOP", bus, bus.open(directory().resolve("link"), OpenFlag.NO_FOLLOW));
      OpenFile reader = opened(bus, bus.open(file));
      assertFails("EBADF", bus, bus.write(reader, arena.allocate(8), 0, WriteFlag.NONE));
      closeFile(bus, reader);
    }
  }

  /// A path of another file system was noticed only when it was made ready for the kernel: by then the
  /// operation counted as in flight, and `close` waited half a minute for its result.
  @Test
  default void pathsOfOtherFileSystemsAreRefused() throws IOException {
    Path foreign = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
    Path name = directory().resolve("name");
    try (Bus bus = open(1)) {
      assertThrows(IllegalArgumentException.class, () -> bus.open(foreign));
      assertThrows(IllegalArgumentException.class, () -> bus.openRegistered(foreign));
      assertThrows(IllegalArgumentException.class, () -> bus.unlink(foreign));
      assertThrows(IllegalArgumentException.class, () -> bus.rename(name, foreign));
      assertThrows(IllegalArgumentException.class, () -> bus.link(name, foreign));
      assertThrows(IllegalArgumentException.class, () -> bus.createDirectory(foreign));
      closeFile(bus, openNew(bus, "name")); // The one handle was not taken.
    }
  }

  @Test
  default void fullTransfersCoverMoreThanOneRequest() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      int length = 3 * Transfer.PIECE_BYTES + 12_345;
      MemorySegment written = pattern(arena, length, 9);
      OpenFile file = openNew(bus, "full");
      bus.submit(bus.writeFully(file, written, 77, WriteFlag.NONE));
      Result write = bus.dispatch();
      assertEquals(length, write.endWriteFully());
      bus.done(write);
      MemorySegment read = arena.allocate(length + 5000);
      bus.submit(bus.readFully(file, read, 77));
      Result result = bus.dispatch();
      assertEquals(length, result.endReadFully());
      assertThrows(IllegalStateException.class, result::endRead);
      bus.done(result);
      assertSameBytes(written, read.asSlice(0, length));
      closeFile(bus, file);
    }
  }

  @Test
  default void directFilesReadUpToAnUnalignedEnd() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      int length = Transfer.PIECE_BYTES + 10_000;
      MemorySegment written = pattern(arena, length, 5);
      OpenFile plain = openNew(bus, "direct");
      finish(bus, bus.writeFully(plain, written, 0, WriteFlag.NONE));
      finish(bus, bus.sync(plain));
      closeFile(bus, plain);
      OpenFile file;
      try {
        file = opened(bus, bus.open(directory().resolve("direct"), OpenFlag.DIRECT));
      } catch (BusException e) {
        Assumptions.abort("no direct transfers here: " + e.getMessage());
        return;
      }
      MemorySegment read = arena.allocate(2L * Transfer.PIECE_BYTES, 4096);
      bus.submit(bus.readFully(file, read, 0));
      Result result = bus.dispatch();
      assertEquals(length, result.endReadFully());
      bus.done(result);
      assertSameBytes(written, read.asSlice(0, length));
      assertFails("EINVAL", bus, bus.read(file, read.asSlice(0, 4096), 7));
      closeFile(bus, file);
    }
  }

  /// The second request of a transfer went to the file that had got the number of the descriptor.
  @Test
  default void aCloseDoesNotTurnATransferToAnotherFile() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      int length = 2 * Transfer.PIECE_BYTES + 100;
      OpenFile file = openNew(bus, "first");
      Handle write = bus.writeFully(file, pattern(arena, length, 6), 0, WriteFlag.NONE);
      Handle close = bus.close(file);
      Handle create = bus.create(directory().resolve("second"));
      bus.enqueue(write);
      bus.submit(close);
      bus.submit(create);
      OpenFile other = null;
      for (int i = 0; i < 3; i++) {
        Result result = bus.dispatch(20 * SECOND);
        assertNotNull(result);
        assertEquals(0, result.errno(), result::toString);
        if (result.handle().equals(create)) {
          other = result.endOpen();
        }
        bus.done(result);
      }
      assertEquals(0, status(bus, requireNonNull(other)).size());
      closeFile(bus, other);
      OpenFile again = opened(bus, bus.open(directory().resolve("first")));
      assertEquals(length, status(bus, again).size());
      closeFile(bus, again);
    }
  }

  @Test
  default void aFileThatNobodyTookIsClosedByDone() throws IOException {
    try (Bus bus = open(1)) {
      closeFile(bus, openNew(bus, "untaken"));
      bus.submit(bus.open(directory().resolve("untaken")));
      Result result = bus.dispatch();
      bus.done(result);
      assertThrows(IllegalStateException.class, bus::dispatch, "a close of its own has no result");
      Handle next = null;
      while (next == null) {
        assertNull(bus.dispatch(1_000_000));
        next = nopIfFree(bus);
      }
      finish(bus, next);
    }
  }

  private static @Nullable Handle nopIfFree(Bus bus) {
    try {
      return bus.nop();
    } catch (QueueFullException e) {
      return null;
    }
  }
}
