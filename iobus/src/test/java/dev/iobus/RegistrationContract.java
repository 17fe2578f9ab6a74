package dev.iobus;

import static dev.iobus.BusSteps.assertSameBytes;
import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.pattern;
import static dev.iobus.BusSteps.twoGibibytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of files and memory that the kernel knows.
interface RegistrationContract extends BusHost {

  @Test
  default void registeredFilesOutliveTheirDescriptor() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "registered");
      finish(bus, bus.write(file, pattern(arena, 100, 2), 0, WriteFlag.NONE));
      RegisteredFile registered = bus.register(file);
      closeFile(bus, file);
      bus.submit(bus.read(registered, arena.allocate(100), 0));
      Result result = bus.dispatch();
      assertEquals(100, result.endRead());
      bus.done(result);
      bus.unregister(registered);
      assertThrows(IllegalStateException.class, () -> bus.sync(registered));
    }
  }

  @Test
  default void registeredBuffersStayUntilTheirLastResult() throws IOException {
    try (Bus bus = open(4);
        Bus other = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "buffer");
      RegisteredBuffer buffer = bus.register(pattern(arena, 16_384, 4));
      assertEquals(buffer.isRegistered(), buffer.refusal() == null);
      Handle write = bus.write(file, buffer, 4096, 8192, 0, WriteFlag.NONE);
      assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
      assertThrows(
          IllegalArgumentException.class, () -> other.read(file, buffer, 0, 4096, 0));
      assertThrows(
          IndexOutOfBoundsException.class, () -> bus.read(file, buffer, 16_000, 4096, 0));
      bus.submit(write);
      Result result = bus.dispatch();
      assertEquals(8192, result.endWrite());
      bus.done(result);
      bus.submit(bus.read(file, buffer, 0, 4096, 4096));
      Result read = bus.dispatch();
      assertEquals(4096, read.endRead());
      bus.done(read);
      assertSameBytes(buffer.memory().asSlice(8192, 4096), buffer.memory().asSlice(0, 4096));
      bus.unregister(buffer);
      assertThrows(IllegalStateException.class, () -> bus.read(file, buffer, 0, 1, 0));
      closeFile(bus, file);
    }
  }

  @Test
  default void aBufferThatWasMadeIsFreedWithItsRegistration() throws IOException {
    MemorySegment survivor;
    try (Bus bus = open(4)) {
      assertThrows(IllegalArgumentException.class, () -> bus.newBuffer(0, Pages.NORMAL));
      assertThrows(
          IllegalArgumentException.class, () -> bus.newBuffer((1L << 30) + 1, Pages.HUGE));
      OpenFile file = openNew(bus, "made");
      for (Pages pages : Pages.values()) {
        RegisteredBuffer buffer = bus.newBuffer(10_000, pages);
        MemorySegment memory = buffer.memory();
        assertEquals(10_000, memory.byteSize());
        assertEquals(0, memory.address() % 4096);
        assertEquals(-1, memory.mismatch(MemorySegment.ofArray(new byte[10_000])));
        memory.asSlice(0, 5000).fill((byte) 9);
        finish(bus, bus.write(file, buffer, 0, 5000, 0, WriteFlag.NONE));
        Handle read = bus.read(file, buffer, 5000, 5000, 0);
        bus.submit(read);
        if (buffer.inFlight() > 0) {
          assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
        }
        Result result = bus.dispatch();
        assertEquals(5000, result.endRead());
        bus.done(result);
        assertSameBytes(memory.asSlice(0, 5000), memory.asSlice(5000, 5000));
        bus.unregister(buffer);
        assertFalse(memory.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
        assertThrows(
            IllegalStateException.class, () -> bus.read(file, buffer, 0, 10, 0));
      }
      closeFile(bus, file);
      survivor = bus.newBuffer(100, Pages.HUGE).memory();
      assertTrue(survivor.scope().isAlive());
    }
    assertFalse(survivor.scope().isAlive());
  }

  @Test
  default void hugePagesThatAreNotGrantedAreTold() throws IOException {
    try (Bus bus = open(2)) {
      List<String> before = fallbacksButRefusals(bus);
      assertEquals(Pages.NORMAL, bus.newBuffer(4096, Pages.NORMAL).pages());
      assertEquals(before, fallbacksButRefusals(bus));
      RegisteredBuffer buffer = bus.newBuffer(3 << 20, Pages.HUGE);
      if (buffer.pages() == Pages.HUGE) {
        assertEquals(kind(), BackendKind.IO_URING);
        assertEquals(0, buffer.memory().address() % (2 << 20));
        assertEquals(before, fallbacksButRefusals(bus));
      } else {
        String told = fallbacksButRefusals(bus).getLast();
        assertTrue(told.contains("3145728 bytes is not all on huge pages"), told);
        assertEquals(before.size() + 1, fallbacksButRefusals(bus).size());
      }
    }
  }

  /// Without those that tell of the memlock limit, which this host may reach.
  private static List<String> fallbacksButRefusals(Bus bus) {
    return bus.fallbacks().stream()
        .filter(line -> !line.startsWith("registered memory is used as plain memory: "))
        .toList();
  }

  /// A ring takes 64 buffers of 1 GiB. Of one more it was said that the kernel is short of network
  /// buffers, and of a larger one that direct transfers need alignment.
  @Test
  default void aBufferThatIsOneTooManyIsToldSo() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      RegisteredBuffer first = bus.register(arena.allocate(4096, 4096));
      String large = bus.register(twoGibibytes(arena)).refusal();
      assertNotNull(large);
      if (first.isRegistered()) {
        assertTrue(large.contains("register parts"), large);
        List<RegisteredBuffer> all = new ArrayList<>();
        String refusal = null;
        while (refusal == null) {
          RegisteredBuffer next = bus.register(arena.allocate(4096, 4096));
          refusal = next.refusal();
          all.add(next);
        }
        boolean limited = refusal.startsWith("ENOMEM"); // The memlock limit of this host.
        assertTrue(limited || refusal.contains("unregister some"), refusal);
        assertTrue(limited || all.size() == 64);
        bus.unregister(all.getFirst());
        assertEquals(0, all.getFirst().inFlight());
        assertTrue(bus.register(arena.allocate(4096, 4096)).isRegistered());
      }
    }
  }
}
