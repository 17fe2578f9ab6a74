package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What every bus promises of transfers between a file and several parts of memory.
abstract class PartsContract extends OneFileBus {

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
}
