package dev.iobus;

import static dev.iobus.BusSteps.assertSameBytes;
import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.opened;
import static dev.iobus.BusSteps.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// What every bus promises of cancels and of its close.
interface CloseContract extends BusHost {

  /// A result that has come in stands in its handle until it is dispatched, and a cancel that is
  /// asked for meanwhile makes the handle one that is looked after the long way.
  @Test
  default void aCancelOfWhatHasCompletedLeavesItsResult() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "late");
      finish(bus, bus.writeFully(file, arena.allocate(100), 0, WriteFlag.NONE));
      MemorySegment into = arena.allocate(200);
      for (int round = 0; round < 20; round++) {
        Handle first = bus.read(file, into.asSlice(0, 100), 0);
        Handle second = bus.read(file, into.asSlice(100, 70), 0);
        bus.submit(first, second);
        Set<Handle> seen = new HashSet<>();
        Result early = bus.dispatch();
        seen.add(early.handle());
        Handle left = early.handle().equals(first) ? second : first;
        bus.done(early);
        Handle cancel = bus.cancel(left);
        bus.submit(cancel);
        for (int i = 0; i < 2; i++) {
          Result result = bus.dispatch();
          assertTrue(seen.add(result.handle()));
          if (!result.handle().equals(cancel) && !result.isFailure()) {
            assertEquals(left.equals(first) ? 100 : 70, result.endRead());
          }
          bus.done(result);
        }
        assertEquals(Set.of(first, second, cancel), seen);
      }
      assertEquals(0, bus.inFlight());
      closeFile(bus, file);
    }
  }

  @Test
  default void cancelIsIdempotentAndItsTargetHasOneResult() throws IOException {
    try (Bus bus = open(64);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "cancel");
      finish(bus, bus.writeFully(file, arena.allocate(1 << 20), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(64 << 14);
      RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
      for (int round = 0; round < 50; round++) {
        List<Handle> targets = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
          targets.add(bus.read(file, memory.asSlice(i << 14, 1 << 14), i << 14));
        }
        bus.submit(targets.toArray(Handle[]::new));
        Set<Handle> cancels = new HashSet<>();
        for (Handle target : targets) {
          if (random.nextBoolean()) {
            Handle cancel = bus.cancel(target);
            assertSame(cancel, bus.cancel(target));
            bus.enqueue(cancel);
            bus.submit(cancel);
            cancels.add(cancel);
          }
        }
        Set<Handle> seen = new HashSet<>();
        while (seen.size() < targets.size() + cancels.size()) {
          Result result = bus.dispatch();
          assertTrue(seen.add(result.handle()));
          if (cancels.contains(result.handle())) {
            result.endCancel();
          } else if (result.isFailure()) {
            assertThrows(CancelledException.class, result::endRead);
          } else {
            assertEquals(1 << 14, result.endRead());
          }
        }
        for (Handle handle : seen) {
          bus.done(handle.result);
        }
        assertNull(bus.dispatch(0));
      }
      Handle ended = bus.nop();
      bus.submit(ended);
      Result result = bus.dispatch();
      bus.submit(bus.cancel(ended));
      Result tooLate = bus.dispatch();
      assertFalse(tooLate.endCancel());
      bus.done(result);
      assertEquals(64, bus.capacity());
      bus.done(tooLate);
      assertThrows(IllegalStateException.class, () -> bus.cancel(ended));
      closeFile(bus, file);
    }
  }

  /// Operations through a slot went on when those on the file that was registered were cancelled.
  @Test
  default void cancelsOnAFileReachItsSlots() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "slots");
      OpenFile other = openNew(bus, "other");
      RegisteredFile slot = bus.register(file);
      RegisteredFile second = bus.register(file);
      Handle timeout = bus.timeout(Duration.ofHours(1));
      Handle held = bus.read(slot, arena.allocate(8), 0);
      bus.submit(timeout);
      bus.drain(held); // So that it waits for the timeout.
      assertEquals(0, bus.cancelAll(other));
      assertEquals(0, bus.cancelAll(second));
      assertNull(bus.dispatch(0));
      assertEquals(1, bus.cancelAll(file));
      Result cancelled = bus.dispatch(SECOND);
      assertNotNull(cancelled, "it was not cancelled");
      assertSame(held, cancelled.handle());
      assertThrows(CancelledException.class, cancelled::endRead);
      bus.done(cancelled);
      assertEquals(0, bus.cancelAll(file));
      assertEquals(1, bus.cancelAll());
      bus.done(bus.dispatch());
      bus.unregister(second);
      bus.unregister(slot);
      closeFile(bus, other);
      closeFile(bus, file);
    }
  }

  @Test
  default void afterCloseNoBufferChanges() throws Exception {
    int rounds = 6;
    long round = 256L << 12;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(rounds * round).fill((byte) 0x55);
      MemorySegment seen = arena.allocate(rounds * round);
      for (int n = 0; n < rounds; n++) {
        MemorySegment memory = all.asSlice(n * round, round);
        Bus bus = open(256);
        OpenFile file = openNew(bus, "close" + n);
        finish(bus, bus.writeFully(file, pattern(arena, 1 << 18, n), 0, WriteFlag.NONE));
        for (int i = 0; i < 256; i++) {
          bus.enqueue(bus.read(file, memory.asSlice((long) i << 12, 1 << 12), i << 8));
        }
        bus.submit();
        bus.close();
        seen.asSlice(n * round, round).copyFrom(memory);
        bus.close();
        assertThrows(IllegalStateException.class, bus::nop);
        bus.wakeup();
        try (Bus other = open(1)) {
          closeFile(other, file);
        }
      }
      Thread.sleep(20);
      assertSameBytes(seen, all);
    }
  }

  @Test
  default void closeReleasesEveryDescriptor() throws Exception {
    Path descriptors = Path.of("/proc/self/fd");
    Assumptions.assumeTrue(Files.isDirectory(descriptors), "no /proc on this host");
    Path path = directory().resolve("leak");
    Files.write(path, new byte[4096]);
    open(4).close(); // Classes, and what they open, are loaded before the count.
    Set<String> before = targets(descriptors);
    for (int round = 0; round < 20; round++) {
      try (Arena arena = Arena.ofShared();
          Bus bus = open(8)) {
        OpenFile file = opened(bus, bus.open(path));
        RegisteredFile registered = bus.register(file);
        bus.submit(bus.read(registered, arena.allocate(4096), 0));
        bus.submit(bus.open(path)); // Never dispatched.
        bus.submit(bus.open(path));
        Result result = bus.dispatch();
        bus.done(result); // Perhaps an open that nobody ends.
        bus.submit(bus.close(file));
      }
    }
    Set<String> after = targets(descriptors);
    after.removeAll(before);
    assertEquals(Set.of(), after);
  }

  private static Set<String> targets(Path descriptors) throws IOException {
    Set<String> targets = new HashSet<>();
    try (var entries = Files.newDirectoryStream(descriptors)) {
      for (Path entry : entries) {
        try {
          String target = Files.readSymbolicLink(entry).toString();
          if (target.contains("leak") || target.contains("io_uring")) {
            targets.add(entry.getFileName() + " -> " + target);
          }
        } catch (IOException e) {
          // The descriptor of this very listing is gone when it is looked at.
        }
      }
    }
    return targets;
  }
}
