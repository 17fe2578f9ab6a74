package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every bus promises of files beyond the common operations of [BusContract].
@Timeout(60)
abstract class FileOperationsContract {

  @TempDir Path directory;

  Bus bus;
  Arena arena;

  abstract BackendKind kind();

  HostFiles host() {
    return HostFiles.REAL;
  }

  Bus open(BusOptions options) throws IOException {
    return Bus.open(options);
  }

  @BeforeEach
  void openBus() throws IOException {
    bus = open(BusOptions.defaults().withBackend(kind()).withCapacity(16).withFiles(8));
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeBus() {
    if (bus != null) {
      bus.close();
      arena.close();
    }
  }

  /// Submits one operation and returns its result, which is there until `done`.
  Result run(Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    assertEquals(handle, result.handle());
    return result;
  }

  /// Runs one operation that must not fail; returns its number.
  int succeed(Handle handle) throws IOException {
    Result result = run(handle);
    assertEquals(0, result.errno(), result::toString);
    int outcome = handle.outcome;
    bus.done(result);
    return outcome;
  }

  /// Runs one operation that must fail, and returns how.
  BusException fail(Handle handle) throws IOException {
    Result result = run(handle);
    try {
      return assertThrows(
          BusException.class,
          () -> {
            switch (handle.op) {
              case READ -> result.endRead();
              case WRITE -> result.endWrite();
              case SYNC_RANGE -> result.endSyncRange();
              case ALLOCATE -> result.endAllocate();
              case LINK -> result.endLink();
              case CREATE_DIRECTORY -> result.endCreateDirectory();
              case STAT -> result.endStat();
              default -> throw new AssertionError(handle.op);
            }
          });
    } finally {
      bus.done(result);
    }
  }

  OpenFile create(String name, OpenFlag... flags) throws IOException {
    OpenFlag[] all = Arrays.copyOf(flags, flags.length + 1);
    all[flags.length] = OpenFlag.READ;
    return opened(bus.create(directory.resolve(name), all));
  }

  OpenFile opened(Handle open) throws IOException {
    Result result = run(open);
    try {
      return result.endOpen();
    } finally {
      bus.done(result);
    }
  }

  FileStatus status(BusFile file) throws IOException {
    Result result = run(bus.stat(file));
    FileStatus status = result.endStat();
    bus.done(result);
    return status;
  }

  void assertModified(Path path, FileStatus status) throws IOException {
    assertEquals(Files.getLastModifiedTime(path).toInstant(), status.modified());
  }

  MemorySegment bytes(int length, int seed) {
    MemorySegment memory = arena.allocate(length, 4096);
    for (int i = 0; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 8) + seed));
    }
    return memory;
  }

  byte[] content(String name) throws IOException {
    return host().read(directory.resolve(name));
  }

  static byte[] toArray(MemorySegment... parts) {
    int length = 0;
    for (MemorySegment part : parts) {
      length += (int) part.byteSize();
    }
    byte[] all = new byte[length];
    int at = 0;
    for (MemorySegment part : parts) {
      MemorySegment.copy(part, ValueLayout.JAVA_BYTE, 0, all, at, (int) part.byteSize());
      at += (int) part.byteSize();
    }
    return all;
  }

  // Several parts of memory.

  @Test
  void partsAreTransferredOneAfterTheOther() throws IOException {
    OpenFile file = create("parts");
    MemorySegment[] from = {bytes(100, 1), bytes(0, 0), bytes(5000, 2), bytes(1, 3)};
    Handle write = bus.write(file, from, 7, WriteFlag.DSYNC);
    byte[] expected = toArray(from);
    Arrays.fill(from, MemorySegment.NULL); // The array is the caller's again.
    Result result = run(write);
    assertEquals(5101, result.endWrite());
    bus.done(result);
    byte[] content = content("parts");
    assertEquals(5108, content.length);
    assertEquals(-1, Arrays.mismatch(expected, Arrays.copyOfRange(content, 7, 5108)));

    MemorySegment[] into = {arena.allocate(3), arena.allocate(5098)};
    Result read = run(bus.read(file, into, 7));
    assertEquals(5101, read.endRead());
    bus.done(read);
    assertEquals(-1, Arrays.mismatch(expected, toArray(into)));
    succeed(bus.close(file));
  }

  @Test
  void readOfPartsIsShortAtTheEndAndMinusOneBehindIt() throws IOException {
    OpenFile file = create("short");
    succeed(bus.write(file, bytes(150, 1), 0));
    MemorySegment[] into = {bytes(100, 9), bytes(100, 9)};
    Result part = run(bus.read(file, into, 20));
    assertEquals(130, part.endRead());
    bus.done(part);
    assertEquals((byte) (130 * 31 + 9), bytes(131, 9).get(ValueLayout.JAVA_BYTE, 130));
    assertEquals(-1, into[1].asSlice(30).mismatch(bytes(100, 9).asSlice(30)), "untouched");
    Result end = run(bus.read(file, into, 150));
    assertEquals(-1, end.endRead());
    bus.done(end);

    Handle cuts = bus.read(file, into, 20);
    Handle never = bus.write(file, into, 1000);
    bus.chain(cuts, never);
    bus.submit();
    for (int i = 0; i < 2; i++) {
      Result result = bus.dispatch();
      assertEquals(result.handle() == cuts ? 0 : 125, result.errno());
      bus.done(result);
    }
    assertEquals(150, status(file).size());
    succeed(bus.close(file));
  }

  @Test
  void asManyPartsAsTheKernelTakes() throws IOException {
    OpenFile file = create("many");
    MemorySegment all = bytes(1024 * 3, 5);
    MemorySegment[] parts = new MemorySegment[1024];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = all.asSlice(i * 3L, 3);
    }
    assertEquals(3072, succeed(bus.write(file, parts, 0)));
    assertEquals(-1, Arrays.mismatch(toArray(all), content("many")));
    MemorySegment[] more = Arrays.copyOf(parts, 1025);
    more[1024] = all;
    assertThrows(IllegalArgumentException.class, () -> bus.write(file, more, 0));
    assertThrows(IllegalArgumentException.class, () -> bus.read(file, new MemorySegment[0], 0));
    MemorySegment[] heap = {all, MemorySegment.ofArray(new byte[3])};
    assertThrows(IllegalArgumentException.class, () -> bus.read(file, heap, 0));
    assertThrows(IllegalArgumentException.class, () -> bus.read(file, parts, -1));
    // A refused call has taken no handle.
    for (int i = 0; i < 16; i++) {
      bus.enqueue(bus.nop());
    }
    assertEquals(16, bus.dispatch(16, 16, Long.MAX_VALUE, bus::done));
    succeed(bus.close(file));
  }

  @Test
  void partsOfARegisteredBuffer() throws IOException {
    OpenFile file = create("fixed");
    RegisteredFile slot = bus.register(file);
    RegisteredBuffer buffer = bus.register(bytes(16_384, 1));
    MemorySegment memory = buffer.memory();
    MemorySegment[] from = {memory.asSlice(8192, 100), memory.asSlice(0, 4096)};
    byte[] expected = toArray(from);
    Handle write = bus.write(slot, buffer, from, 0);
    assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
    assertEquals(4196, succeed(write));
    assertEquals(-1, Arrays.mismatch(expected, content("fixed")));
    MemorySegment[] into = {memory.asSlice(100, 96), memory.asSlice(12_000, 4100)};
    assertEquals(4196, succeed(bus.read(slot, buffer, into, 0)));
    assertEquals(-1, Arrays.mismatch(expected, toArray(into)));

    MemorySegment[] outside = {memory.asSlice(0, 10), arena.allocate(10)};
    assertThrows(IllegalArgumentException.class, () -> bus.read(slot, buffer, outside, 0));
    bus.unregister(buffer);
    assertThrows(IllegalStateException.class, () -> bus.read(slot, buffer, into, 0));
    bus.unregister(slot);
    succeed(bus.close(file));
  }

  @Test
  void partsAllocateNothingInSteadyState() throws IOException {
    OpenFile file = create("steady");
    succeed(bus.write(file, bytes(4096, 1), 0));
    MemorySegment[] into = {arena.allocate(512), arena.allocate(100), arena.allocate(512)};
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    // Room for a lock's queue node when the owner meets a worker, which is not per operation.
    int room = 48;
    long perOperation = Long.MAX_VALUE;
    for (int round = 0; round < 60 && perOperation >= room; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 1000; i++) {
        bus.submit(bus.read(file, into, i % 512));
        bus.done(bus.dispatch());
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      perOperation = Math.min(perOperation, allocated / 1000);
    }
    long least = perOperation;
    assertTrue(least < room, () -> least + " bytes per operation");
    succeed(bus.close(file));
  }

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
