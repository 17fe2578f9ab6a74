package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// What every bus promises of files beyond the common operations of [BusContract].
abstract class FileOperationsContract extends PartsContract {

  // Flags of one write.

  @Test
  void uncachedWritesAreWrittenOrRefused() throws IOException {
    OpenFile file = create("uncached");
    MemorySegment from = bytes(8192, 4);
    Handle write = bus.write(file, from, 0, WriteFlag.DONT_CACHE);
    Result result = run(write);
    if (kind() == BackendKind.NIO || result.isFailure()) {
      NotSupportedException refusal =
          assertThrows(NotSupportedException.class, result::endWrite);
      assertEquals("EOPNOTSUPP", refusal.errnoName());
      assertTrue(requireNonNull(refusal.getMessage()).contains("without DONT_CACHE"));
      assertEquals(0, content("uncached").length);
    } else {
      assertEquals(8192, result.endWrite());
      assertEquals(-1, Arrays.mismatch(toArray(from), content("uncached")));
    }
    bus.done(result);
    succeed(bus.close(file));
  }

  @Test
  void atomicWritesAreAtomicOrRefused() throws IOException {
    OpenFile plain = create("atomic");
    MemorySegment from = bytes(4096, 6);
    IllegalArgumentException buffered =
        assertThrows(
            IllegalArgumentException.class, () -> bus.write(plain, from, 0, WriteFlag.ATOMIC));
    assertTrue(requireNonNull(buffered.getMessage()).contains("DIRECT"));
    assertThrows(
        IllegalArgumentException.class, () -> bus.writeFully(plain, from, 0, WriteFlag.ATOMIC));
    succeed(bus.close(plain));
    OpenFile file;
    try {
      file = create("atomic", OpenFlag.DIRECT);
    } catch (BusException e) {
      Assumptions.abort("no direct transfers here: " + e.getMessage());
      return;
    }
    for (int[] unfit : new int[][] {{3072, 0}, {4096, 2048}, {0, 0}}) {
      MemorySegment part = from.asSlice(0, unfit[0]);
      assertThrows(
          IllegalArgumentException.class,
          () -> bus.write(file, part, unfit[1], WriteFlag.ATOMIC, WriteFlag.DSYNC));
    }
    FileStatus status = status(file);
    if (kind() != BackendKind.NIO && status.atomicWriteMax() >= 4096) {
      assertEquals(
          4096, succeed(bus.write(file, from, 0, WriteFlag.ATOMIC, WriteFlag.DSYNC)));
      assertEquals(-1, Arrays.mismatch(toArray(from), content("atomic")));
    } else {
      BusException refusal = fail(bus.write(file, from, 0, WriteFlag.ATOMIC));
      assertEquals(NotSupportedException.class, refusal.getClass(), refusal::getMessage);
      assertEquals(0, content("atomic").length);
    }
    succeed(bus.close(file));
  }

  @Test
  void severalFlagsHoldForOneWriteOnly() throws IOException {
    OpenFile file = create("flags");
    MemorySegment from = bytes(100, 1);
    Handle first = bus.write(file, from, 0, WriteFlag.DSYNC, WriteFlag.DONT_CACHE);
    assertTrue(first.request.dsync && first.request.dontCache && !first.request.atomic);
    bus.discard(first);
    Handle second = bus.write(file, from, 0);
    assertFalse(second.request.dsync || second.request.dontCache);
    assertEquals(100, succeed(second));
    succeed(bus.close(file));
  }

  // Ranges of a file.

  @Test
  void allocatedRangesLengthenTheFileWithZerosAndKeepItsBytes() throws IOException {
    OpenFile file = create("allocated");
    MemorySegment from = bytes(10_000, 3);
    succeed(bus.write(file, from, 0));
    Handle handle = bus.allocate(file, 5000, 300_000);
    Result result = run(handle);
    if (result.isFailure()) {
      assertThrows(NotSupportedException.class, result::endAllocate);
      bus.done(result);
      Assumptions.abort("the file system cannot reserve space");
    }
    result.endAllocate();
    bus.done(result);
    assertEquals(305_000, status(file).size());
    assertEquals(-1, Arrays.mismatch(Arrays.copyOf(toArray(from), 305_000), content("allocated")));
    succeed(bus.allocate(file, 0, 10)); // Inside: nothing changes.
    assertEquals(305_000, status(file).size());
    succeed(bus.allocate(file, 400_000, 1000)); // With a hole before it.
    assertEquals(401_000, status(file).size());
    assertEquals(0, content("allocated")[400_999]);
    assertThrows(IllegalArgumentException.class, () -> bus.allocate(file, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> bus.allocate(file, -1, 1));
    assertThrows(IllegalArgumentException.class, () -> bus.allocate(file, 1, Long.MAX_VALUE));
    succeed(bus.close(file));
    OpenFile reader = opened(bus.open(directory.resolve("allocated")));
    assertEquals("EBADF", fail(bus.allocate(reader, 500_000, 1)).errnoName());
    succeed(bus.close(reader));
  }

  @Test
  void allocatedRangesOfADirectFileNeedNoAlignment() throws IOException {
    OpenFile file;
    try {
      file = create("direct", OpenFlag.DIRECT);
    } catch (BusException e) {
      Assumptions.abort("no direct transfers here: " + e.getMessage());
      return;
    }
    MemorySegment from = bytes(4096, 3);
    succeed(bus.write(file, from, 0));
    succeed(bus.truncate(file, 1000));
    Handle allocate = bus.allocate(file, 900, 150_000);
    Result result = run(allocate);
    Assumptions.assumeFalse(result.errno() == 95, "the file system cannot reserve space");
    result.endAllocate();
    bus.done(result);
    byte[] expected = Arrays.copyOf(Arrays.copyOf(toArray(from), 1000), 150_900);
    assertEquals(-1, Arrays.mismatch(expected, content("direct")));
    succeed(bus.close(file));
  }

  @Test
  void syncOfARangeIsDoneOrRefused() throws IOException {
    OpenFile file = create("range");
    succeed(bus.write(file, bytes(10_000, 3), 0));
    Handle sync = bus.syncRange(file, 100, 5000);
    boolean linux = System.getProperty("os.name").equals("Linux");
    if (linux && kind() != BackendKind.NIO) {
      Result result = run(sync);
      result.endSyncRange();
      bus.done(result);
      succeed(bus.syncRange(file, 0, 0));
      succeed(bus.syncRange(file, 0, 1L << 40));
    } else {
      BusException refusal = fail(sync);
      assertEquals(NotSupportedException.class, refusal.getClass());
      assertEquals("syncRange", refusal.operation());
      assertTrue(requireNonNull(refusal.getMessage()).contains("use dataSync"));
    }
    assertThrows(IllegalArgumentException.class, () -> bus.syncRange(file, 0, -1));
    succeed(bus.close(file));
  }

  @Test
  void adviceIsTakenAndChangesNoByte() throws IOException {
    OpenFile file = create("advice");
    MemorySegment from = bytes(10_000, 3);
    succeed(bus.write(file, from, 0, WriteFlag.DSYNC));
    for (Advice advice : Advice.values()) {
      Result result = run(bus.advise(file, 0, advice == Advice.RANDOM ? 0 : 10_000, advice));
      result.endAdvise();
      bus.done(result);
    }
    assertEquals(-1, Arrays.mismatch(toArray(from), content("advice")));
    succeed(bus.close(file));
  }

  // Names.

  @Test
  void linksAreSecondNamesOfAFile() throws IOException {
    OpenFile file = create("first");
    succeed(bus.write(file, bytes(100, 1), 0));
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    Result result = run(bus.link(first, second));
    result.endLink();
    bus.done(result);
    assertEquals(
        status(file).inode(), host().inode(second), "one file, two names");
    assertEquals("EEXIST", fail(bus.link(first, second)).errnoName());
    assertEquals("ENOENT", fail(bus.link(directory.resolve("no"), second)).errnoName());
    succeed(bus.unlink(first));
    assertEquals(100, host().read(second).length);
    succeed(bus.close(file));
  }

  @Test
  void directoriesAreCreatedForTheOwnerAlone() throws IOException {
    Path inner = directory.resolve("outer").resolve("inner");
    assertEquals("ENOENT", fail(bus.createDirectory(inner)).errnoName());
    Handle outer = bus.createDirectory(directory.resolve("outer"));
    Handle below = bus.createDirectory(inner);
    bus.chain(outer, below);
    boolean alone = false;
    for (int i = 0; i < 2; i++) {
      Result result = bus.dispatch();
      alone |= result.errno() == Errno.EOPNOTSUPP; // Before Linux 5.15, where it cuts the chain.
      if (!alone) {
        result.endCreateDirectory();
      }
      bus.done(result);
    }
    if (alone) {
      succeed(bus.createDirectory(directory.resolve("outer")));
      succeed(bus.createDirectory(inner));
    }
    assertEquals(
        PosixFilePermissions.fromString("rwx------"), host().permissions(inner));
    BusException exists = fail(bus.createDirectory(inner));
    assertEquals("EEXIST", exists.errnoName());
    assertEquals("createDirectory", exists.operation());
  }

  // What is known of a file.

  @Test
  void statusTellsWhatTheHostKnows() throws IOException {
    OpenFile file = create("status");
    succeed(bus.write(file, bytes(10_000, 1), 0, WriteFlag.DSYNC));
    FileStatus status = status(file);
    assertEquals(10_000, status.size());
    assertEquals(FileKind.REGULAR, status.kind());
    assertFalse(status.directory());
    assertEquals(0600, status.permissions());
    assertModified(directory.resolve("status"), status);
    assertTrue(status.allocated() == -1 || status.allocated() >= 8192, status::toString);
    assertEquals(status.atomicWriteMin() > 0, status.atomicWriteMax() > 0);
    assertEquals(status.atomicWriteMin() > 0, status.atomicWriteParts() > 0);

    OpenFile names = opened(bus.open(directory, OpenFlag.DIRECTORY));
    assertEquals(FileKind.DIRECTORY, status(names).kind());
    succeed(bus.close(names));

    // Another file under the name is not taken for the open one.
    succeed(bus.rename(directory.resolve("status"), directory.resolve("moved")));
    host().write(directory.resolve("status"), new byte[3]);
    FileStatus moved = status(file);
    assertEquals(10_000, moved.size());
    assertEquals(status.inode(), moved.inode());
    assertTrue(moved.permissions() == 0600 || moved.permissions() == -1);
    succeed(bus.close(file));
  }
}
