package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What a shared bus promises on every backend: here to one caller, and all that it promises to many.
abstract class SharedBusContract extends ManyCallersContract {

  @Test
  void writeWithItsSyncIsOneCall() throws IOException {
    Path path = directory.resolve("file");
    OpenFile file = bus.open(path, OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
    for (int length : new int[] {0, 1, PAGE, 3 << 20}) {
      MemorySegment out = memory(length).fill((byte) length);
      bus.writeAndDataSync(file, out, 100);
      MemorySegment in = memory(length);
      assertEquals(length, bus.readFully(file, in, 100));
      assertEquals(-1, out.mismatch(in));
    }
    OpenFile reader = bus.open(path);
    BusException refused =
        assertThrows(BusException.class, () -> bus.writeAndDataSync(reader, memory(PAGE), 0));
    assertEquals("write", refused.operation());
    assertEquals("EBADF", refused.errnoName());
    bus.close(reader);
    bus.close(file);
    assertThrows(
        IllegalStateException.class, () -> bus.writeAndDataSync(file, memory(PAGE), 0));
  }

  @Test
  void whatWasWrittenIsRead() throws IOException {
    Path path = directory.resolve("file");
    OpenFile file = bus.open(path, OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
    MemorySegment out = memory(10_000);
    out.fill((byte) 7);
    bus.writeFully(file, out, 100, WriteFlag.DSYNC);
    bus.sync(file);
    bus.dataSync(file);
    assertEquals(10_100, bus.stat(file).size());
    MemorySegment in = memory(20_000);
    assertEquals(10_100, bus.readFully(file, in, 0));
    assertEquals(0, in.get(ValueLayout.JAVA_BYTE, 99));
    assertEquals(-1, out.mismatch(in.asSlice(100, 10_000)));
    assertEquals(-1, bus.read(file, in, 10_100));
    bus.truncate(file, 50);
    assertEquals(50, bus.readFully(file, in, 0));
    bus.close(file);
    assertEquals(
        "rw-------", PosixFilePermissions.toString(host().permissions(path)));
    assertThrows(IllegalStateException.class, () -> bus.read(file, in, 0));
    assertThrows(IllegalStateException.class, () -> bus.close(file));
  }

  @Test
  void partsOfRegisteredBuffersAreRead() throws Exception {
    int length = 600 * 1024;
    MemorySegment out = memory(length);
    byte[] bytes = new byte[length];
    new Random(2).nextBytes(bytes);
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, length);
    Path path = directory.resolve("parts");
    OpenFile file = bus.open(path, OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
    bus.writeFully(file, out, 0, WriteFlag.NONE);
    bus.sync(file);
    MemorySegment memory = memory(length + 2 * PAGE);
    RegisteredBuffer buffer = bus.register(memory);
    OpenFile direct = openPastTheCache(path);
    Callers.Body body =
        () -> {
          for (int part : new int[] {0, PAGE, 516 * 1024, length}) {
            readPart(file, buffer, part, out);
            readPart(direct, buffer, part, out);
          }
          readPart(file, buffer, 1, out);
          memory.fill((byte) 0);
          assertEquals(100, bus.readFully(file, buffer, 7, PAGE, length - 100));
          assertEquals(-1, out.asSlice(length - 100).mismatch(memory.asSlice(7, 100)));
          assertEquals(0, bus.readFully(file, buffer, 7, PAGE, length));
        };
    body.run();
    Callers callers = newCallers();
    callers.startVirtual(body);
    callers.await();
    assertEquals(0, buffer.inFlight());
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> bus.readFully(file, buffer, length, 3 * PAGE, 0));
    try (SharedBus other = open(options())) {
      assertThrows(
          IllegalArgumentException.class, () -> other.readFully(file, buffer, 0, PAGE, 0));
      assertThrows(
          IllegalArgumentException.class, () -> other.readFully(file, buffer, 0, length, 0));
      IoBatch batch = other.newBatch(1);
      assertThrows(
          IllegalArgumentException.class, () -> batch.read(file, buffer, 0, PAGE, 0));
    }
    RegisteredBuffer readOnly = bus.register(memory(PAGE).asReadOnly());
    assertThrows(
        IllegalArgumentException.class, () -> bus.readFully(file, readOnly, 0, PAGE, 0));
    bus.unregister(readOnly);
    bus.close(direct);
    bus.close(file);
    assertThrows(IllegalStateException.class, () -> bus.readFully(file, buffer, 0, PAGE, 0));
    assertEquals(0, buffer.inFlight());
    bus.unregister(buffer);
    for (int part : new int[] {0, PAGE, length}) {
      assertThrows(
          IllegalStateException.class, () -> bus.readFully(file, buffer, 0, part, 0));
    }
  }

  /// The first bytes of a file, into the buffer's second page and those behind it.
  private void readPart(OpenFile file, RegisteredBuffer buffer, int part, MemorySegment out)
      throws IOException {
    MemorySegment memory = buffer.memory();
    memory.fill((byte) 0);
    assertEquals(part, bus.readFully(file, buffer, PAGE, part, 0));
    assertEquals(-1, out.asSlice(0, part).mismatch(memory.asSlice(PAGE, part)));
    assertEquals(-1, memory(PAGE).mismatch(memory.asSlice(0, PAGE)));
    assertEquals(-1, memory(PAGE).mismatch(memory.asSlice(PAGE + part, PAGE)));
  }

  @Test
  void largeTransfersAreWhole() throws IOException {
    int length = 5 * 1024 * 1024 + 123;
    MemorySegment out = memory(length);
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    MemorySegment.copy(bytes, 0, out, ValueLayout.JAVA_BYTE, 0, length);
    OpenFile file =
        bus.open(directory.resolve("large"), OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
    bus.writeFully(file, out, 0, WriteFlag.NONE);
    MemorySegment in = memory(length + 1000);
    assertEquals(length, bus.readFully(file, in, 0));
    assertEquals(-1, out.mismatch(in.asSlice(0, length)));
    bus.close(file);
  }

  @Test
  void directoriesAndNames() throws IOException {
    Path sub = directory.resolve("sub");
    bus.createDirectory(sub);
    assertEquals(
        "rwx------", PosixFilePermissions.toString(host().permissions(sub)));
    assertThrows(BusException.class, () -> bus.createDirectory(sub));
    OpenFile file =
        bus.open(sub.resolve("b"), OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE);
    bus.close(file);
    BusException exists =
        assertThrows(
            BusException.class,
            () ->
                bus.open(sub.resolve("b"), OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.EXCLUSIVE));
    assertEquals("EEXIST", exists.errnoName());
    bus.rename(sub.resolve("b"), sub.resolve("a"));
    OpenFile handle = bus.open(sub, OpenFlag.READ, OpenFlag.DIRECTORY);
    bus.sync(handle);
    assertTrue(bus.stat(handle).directory());
    bus.close(handle);
    assertEquals(List.of("a"), bus.list(sub));
    bus.unlink(sub.resolve("a"));
    assertEquals(List.of(), bus.list(sub));
    BusException missing =
        assertThrows(BusException.class, () -> bus.open(sub.resolve("a"), OpenFlag.READ));
    assertEquals("ENOENT", missing.errnoName());
    String message = requireNonNull(missing.getMessage());
    assertTrue(message.contains(sub.resolve("a").toString()), message);
    Path link = directory.resolve("link");
    host().createSymbolicLink(link, sub);
    assertEquals(bus.realPath(sub), bus.realPath(link));
    assertThrows(
        BusException.class, () -> bus.open(link, OpenFlag.READ, OpenFlag.NO_FOLLOW));
  }

  @Test
  void batchesLargerThanTheBusAreWhole() throws IOException {
    int pages = 500;
    OpenFile file = bus.open(numbered("pages", pages), OpenFlag.READ);
    RegisteredFile registered = bus.register(file);
    RegisteredBuffer buffer = bus.register(memory((long) pages * PAGE));
    IoBatch batch = bus.newBatch(pages);
    for (int round = 0; round < 3; round++) {
      buffer.memory().fill((byte) -1);
      for (int i = 0; i < pages; i++) {
        batch.read(round == 0 ? file : registered, buffer, (long) i * PAGE, PAGE, (long) i * PAGE);
      }
      batch.await();
      for (int i = 0; i < pages; i++) {
        assertEquals(PAGE, batch.result(i));
        check(buffer.memory().asSlice((long) i * PAGE, PAGE), i);
      }
      batch.clear();
    }
    // Past the end of the file, and across it.
    batch.read(file, memory(PAGE), (long) pages * PAGE);
    batch.read(file, memory(PAGE), (long) pages * PAGE - 10);
    batch.await();
    assertEquals(0, batch.result(0));
    assertEquals(10, batch.result(1));
    assertEquals(0, buffer.inFlight());
    bus.unregister(buffer);
    assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
    RegisteredBuffer made = bus.newBuffer(PAGE, Pages.HUGE);
    batch.clear();
    batch.read(file, made, 0, PAGE, PAGE);
    batch.await();
    check(made.memory(), 1);
    bus.unregister(made);
    assertFalse(made.memory().scope().isAlive());
    bus.unregister(registered);
    assertThrows(IllegalStateException.class, () -> bus.sync(registered));
    bus.close(file);
  }

  @Test
  void oneFailureInABatchLeavesTheOthersAlone() throws IOException {
    OpenFile readable = bus.open(numbered("r", 4), OpenFlag.READ);
    OpenFile writable =
        bus.open(directory.resolve("w"), OpenFlag.WRITE, OpenFlag.CREATE);
    IoBatch batch = bus.newBatch(3);
    MemorySegment first = memory(PAGE);
    MemorySegment last = memory(PAGE);
    batch.read(readable, first, 0);
    batch.read(writable, memory(PAGE), 0);
    batch.read(readable, last, 3 * PAGE);
    batch.await();
    assertEquals(PAGE, batch.result(0));
    assertThrows(BusException.class, () -> batch.result(1));
    assertEquals(PAGE, batch.result(2));
    check(first, 0);
    check(last, 3);
    bus.close(readable);
    bus.close(writable);
  }

  @Test
  void badArgumentsAreNamed() throws IOException {
    OpenFile file = bus.open(numbered("bad", 1), OpenFlag.READ);
    MemorySegment heap = MemorySegment.ofArray(new byte[10]);
    assertThrows(IllegalArgumentException.class, () -> bus.read(file, heap, 0));
    assertThrows(IllegalArgumentException.class, () -> bus.read(file, memory(1), -1));
    assertThrows(IllegalArgumentException.class, () -> bus.open(directory, OpenFlag.CREATE));
    Path foreign = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
    assertThrows(IllegalArgumentException.class, () -> bus.open(foreign));
    assertThrows(IllegalArgumentException.class, () -> bus.rename(directory, foreign));
    assertThrows(IllegalArgumentException.class, () -> bus.createDirectory(foreign));
    assertThrows(IllegalArgumentException.class, () -> bus.truncate(file, -1));
    Arena closed = Arena.ofShared();
    MemorySegment freed = closed.allocate(10);
    closed.close();
    assertThrows(IllegalStateException.class, () -> bus.read(file, freed, 0));
    assertThrows(IllegalStateException.class, () -> bus.writeFully(file, freed, 0, WriteFlag.NONE));
    IoBatch batch = bus.newBatch(1);
    assertThrows(
        IllegalArgumentException.class, () -> batch.read(file, memory(1024 * 1024), 0));
    batch.read(file, memory(1), 0);
    assertThrows(QueueFullException.class, () -> batch.read(file, memory(1), 0));
    bus.close(file);
  }

  @Test
  void aLockIsHeldByOneOpenFile() throws IOException {
    Path path = directory.resolve("lock");
    host().write(path, new byte[0]);
    OpenFile first = bus.open(path, OpenFlag.READ, OpenFlag.WRITE);
    OpenFile second = bus.open(path, OpenFlag.READ, OpenFlag.WRITE);
    assertTrue(bus.tryLock(first));
    assertFalse(bus.tryLock(second));
    bus.close(first);
    assertTrue(bus.tryLock(second));
    bus.close(second);
  }

  @Test
  void aRefusedCallDoesNotKeepTheBusFromClosing() throws IOException {
    OpenFile file =
        bus.open(directory.resolve("closed"), OpenFlag.WRITE, OpenFlag.CREATE);
    bus.close(file);
    MemorySegment memory = memory(10);
    assertThrows(IllegalStateException.class, () -> bus.tryLock(file));
    assertThrows(IllegalStateException.class, () -> bus.register(file));
    assertThrows(IllegalStateException.class, () -> bus.write(file, memory, 0, WriteFlag.NONE));
    assertThrows(IllegalStateException.class, () -> bus.write(file, memory, 0, WriteFlag.DSYNC));
    assertThrows(IllegalStateException.class, () -> bus.stat(file));
    closeInTime(bus);
  }

  @Test
  void openAndCloseLeaveNoDescriptor() throws Exception {
    Path descriptors = Path.of("/proc/self/fd");
    org.junit.jupiter.api.Assumptions.assumeTrue(Files.isDirectory(descriptors), "needs /proc");
    open(options()).close();
    long before = count(descriptors);
    for (int i = 0; i < 50; i++) {
      try (SharedBus other = open(options())) {
        OpenFile file = other.open(numbered("leak", 1), OpenFlag.READ);
        other.register(file);
        other.read(file, memory(PAGE), 0);
        other.close(file);
      }
    }
    long after = count(descriptors);
    // libkqueue gives its own back on a thread of its own.
    for (int i = 0; i < 500 && after > before + 3; i++) {
      Thread.sleep(10);
      after = count(descriptors);
    }
    assertTrue(after <= before + 3, after + " descriptors in place of " + before);
  }

  private static long count(Path path) throws IOException {
    try (var names = Files.list(path)) {
      return names.count();
    }
  }

  /// A registered file whose own descriptor was closed could be used by virtual threads for direct
  /// transfers and in batches, and was refused to platform threads and to what the page cache answers.
  @Test
  void aRegisteredFileOutlivesItsDescriptor() throws Exception {
    OpenFile file = bus.open(numbered("outlives", 2), OpenFlag.READ, OpenFlag.WRITE);
    RegisteredFile registered = bus.register(file);
    bus.close(file);
    Callers callers = newCallers();
    for (Callers.Kind kind : Callers.Kind.values()) {
      callers.start(
          kind,
          () -> {
            MemorySegment memory = memory(PAGE);
            assertEquals(PAGE, bus.read(registered, memory, PAGE));
            check(memory, 1);
            assertEquals(PAGE, bus.write(registered, memory, PAGE, WriteFlag.NONE));
            assertEquals(PAGE, bus.write(registered, memory, PAGE, WriteFlag.DSYNC));
            bus.dataSync(registered);
            bus.sync(registered);
            bus.writeAndDataSync(registered, memory, PAGE);
            IoBatch batch = bus.newBatch(1);
            batch.read(registered, memory, PAGE);
            batch.await();
            assertEquals(PAGE, batch.result(0));
          });
    }
    callers.await();
    bus.unregister(registered);
    assertThrows(IllegalStateException.class, () -> bus.read(registered, memory(PAGE), 0));
  }

  /// Transfers of more than 512 KiB were several atomic writes, and what no device takes was left to
  /// the host to refuse.
  @Test
  void anAtomicWriteIsOneRequestOfOneShape() throws IOException {
    OpenFile file =
        bus.open(directory.resolve("atomic"), OpenFlag.READ, OpenFlag.WRITE, OpenFlag.CREATE);
    WriteFlag flag = WriteFlag.ATOMIC;
    for (long bytes : new long[] {PAGE, 3 * PAGE, 1 << 20}) {
      MemorySegment memory = memory(bytes);
      assertThrows(IllegalArgumentException.class, () -> bus.writeFully(file, memory, 0, flag));
      assertThrows(IllegalArgumentException.class, () -> bus.write(file, memory, 0, flag));
      IoBatch batch = bus.newBatch(1);
      assertThrows(IllegalArgumentException.class, () -> batch.write(file, memory, 0, flag));
      assertEquals(0, batch.size());
    }
    assertEquals(0, bus.stat(file).size());
    bus.close(file);
  }

  /// It gave 0, which is the end of a file.
  @Test
  void aTransferHasNoResultBeforeItsAwait() throws IOException {
    OpenFile file = bus.open(numbered("batch", 1));
    IoBatch batch = bus.newBatch(2);
    assertEquals(0, batch.read(file, memory(PAGE), 0));
    assertThrows(IllegalStateException.class, () -> batch.result(0));
    batch.await();
    assertEquals(PAGE, batch.result(0));
    assertEquals(1, batch.read(file, memory(100), PAGE));
    assertEquals(PAGE, batch.result(0));
    assertThrows(IllegalStateException.class, () -> batch.result(1));
    assertEquals(100, batch.length(1));
    batch.await();
    assertEquals(0, batch.result(1));
    batch.clear();
    assertThrows(IndexOutOfBoundsException.class, () -> batch.result(0));
    assertThrows(IndexOutOfBoundsException.class, () -> batch.length(0));
    bus.close(file);
  }
}
