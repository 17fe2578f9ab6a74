package dev.iobus;

import static dev.iobus.BusSteps.assertAllFree;
import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.dispatchAll;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.pattern;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.ResultVisitor.Then;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What every bus promises of operations that are done again.
///
/// Memory outlives the bus here: what a test that fails leaves in flight is still written to.
interface RearmContract extends BusHost {

  private void write(Bus bus, OpenFile file, MemorySegment bytes) throws IOException {
    finish(bus, bus.writeFully(file, bytes, 0, WriteFlag.NONE));
  }

  @Test
  default void aVisitorHasOperationsDoneAgain() throws IOException {
    try (Bus bus = open(8)) {
      int[] seen = new int[8];
      for (int i = 0; i < seen.length; i++) {
        bus.enqueue(bus.nop().attach(i));
      }
      ResultVisitor visitor =
          (result, outcome) -> {
            assertEquals(0, outcome);
            int number = (Integer) requireNonNull(result.attachment());
            return ++seen[number] < 100 ? Then.REARM : Then.DONE;
          };
      int passed = 0;
      while (bus.inFlight() > 0) {
        passed += bus.dispatch(1, 8, 20 * SECOND, visitor);
      }
      assertEquals(800, passed);
      for (int count : seen) {
        assertEquals(100, count);
      }
      assertAllFree(bus);
    }
  }

  @Test
  default void aReadIsDoneAgainElsewhere() throws IOException {
    int blocks = 64;
    try (Arena arena = Arena.ofShared();
        Bus bus = open(4)) {
      MemorySegment bytes = pattern(arena, blocks * 512, 3);
      OpenFile file = openNew(bus, "again");
      write(bus, file, bytes);
      MemorySegment[] into = new MemorySegment[4];
      for (int i = 0; i < into.length; i++) {
        into[i] = arena.allocate(512);
        bus.enqueue(bus.read(file, into[i], i * 512L).attach(i));
      }
      int[] at = {0, 1, 2, 3};
      int[] next = {4};
      ResultVisitor visitor =
          (result, outcome) -> {
            int number = (Integer) requireNonNull(result.attachment());
            assertEquals(512, outcome);
            assertEquals(-1, bytes.asSlice(at[number] * 512L, 512).mismatch(into[number]));
            if (next[0] == blocks) {
              return Then.DONE;
            }
            at[number] = next[0]++;
            result.handle().offset(at[number] * 512L);
            return Then.REARM;
          };
      dispatchAll(bus, visitor);
      assertEquals(blocks, next[0]);
      assertAllFree(bus);
      closeFile(bus, file);
    }
  }

  @Test
  default void aWriteIsDoneAgainWithItsFlags() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = open(2)) {
      MemorySegment bytes = pattern(arena, 512, 1);
      OpenFile file = openNew(bus, "writes");
      Handle handle = bus.write(file, bytes, 0, WriteFlag.DSYNC);
      bus.submit(handle.deadline(Duration.ofMinutes(1)));
      for (int i = 1; i < 8; i++) {
        assertThrows(IllegalStateException.class, () -> handle.offset(0));
        Result result = bus.dispatch();
        assertEquals(512, result.endWrite());
        handle.offset(i * 512L);
        bus.rearm(result);
        assertTrue(handle.request.dsync);
        assertTrue(handle.isBounded());
        bus.submit();
      }
      Result last = bus.dispatch();
      handle.request.atomic = true;
      handle.request.dontCache = true;
      assertThrows(IllegalArgumentException.class, () -> handle.offset(0), "the file is not direct");
      bus.rearm(last);
      assertTrue(handle.request.atomic);
      assertTrue(handle.request.dontCache);
      bus.submit();
      bus.done(bus.dispatch()); // No device has to take it.
      MemorySegment found = arena.allocate(4096);
      finish(bus, bus.readFully(file, found, 0));
      for (int i = 0; i < 8; i++) {
        assertEquals(-1, bytes.mismatch(found.asSlice(i * 512L, 512)));
      }
      closeFile(bus, file);
    }
  }

  @Test
  default void whatAResultSaysHoldsUntilItIsDoneAgain() throws IOException {
    try (Bus bus = open(1)) {
      Handle handle = bus.nop();
      bus.submit(handle);
      Result result = bus.dispatch();
      assertThrows(IllegalStateException.class, () -> handle.offset(1));
      long userData = handle.userData;
      bus.rearm(result);
      assertNotEquals(userData, handle.userData, "a late completion would be taken for this one");
      assertThrows(IllegalStateException.class, result::endNop);
      assertThrows(IllegalStateException.class, () -> bus.rearm(result));
      assertThrows(IllegalStateException.class, () -> bus.done(result));
      assertThrows(IllegalStateException.class, () -> bus.enqueue(handle));
      assertEquals(1, bus.inFlight());
      assertSame(result, bus.dispatch());
      result.endNop();
      bus.done(result);
      assertThrows(IllegalStateException.class, () -> bus.rearm(result));
      assertAllFree(bus);
    }
  }

  /// As each of these goes another way than what stands alone.
  @Test
  default void whatHangsOnAnOperationIsKept() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = open(8)) {
      OpenFile file = openNew(bus, "kept");
      write(bus, file, pattern(arena, 4096, 5));
      RegisteredFile registered = bus.register(file);
      int[] called = new int[1];
      bus.enqueue(bus.nop().callback(result -> called[0]++).attach("callback"));
      Handle bounded = bus.read(file, arena.allocate(64), 0).deadline(Duration.ofMinutes(1));
      bus.enqueue(bounded.attach("deadline"));
      bus.enqueue(bus.read(registered, arena.allocate(64), 0).attach("slot"));
      bus.chain(
          bus.read(file, arena.allocate(64), 0).attach("first"), bus.nop().attach("second"));
      Map<Object, Integer> seen = new HashMap<>();
      ResultVisitor visitor =
          (result, outcome) -> {
            assertEquals(result.handle().operation().equals("nop") ? 0 : 64, outcome);
            int times = seen.merge(requireNonNull(result.attachment()), 1, Integer::sum);
            return times < 20 ? Then.REARM : Then.DONE;
          };
      dispatchAll(bus, visitor);
      assertEquals(Set.of("callback", "deadline", "slot", "first", "second"), seen.keySet());
      assertEquals(Set.of(20), Set.copyOf(seen.values()));
      assertEquals(20, called[0]);
      assertAllFree(bus);
      bus.unregister(registered);
      closeFile(bus, file);
    }
  }

  @Test
  default void aReadThroughASlotGoesThroughItAgain() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = open(4)) {
      OpenFile other = openNew(bus, "other");
      write(bus, other, pattern(arena, 512, 1));
      OpenFile file = openNew(bus, "slot");
      MemorySegment bytes = pattern(arena, 512, 2);
      write(bus, file, bytes);
      MemorySegment into = arena.allocate(512);
      RegisteredFile registered = bus.register(file);
      bus.submit(bus.read(registered, into, 0));
      for (int i = 0; i < 3; i++) {
        Result result = bus.dispatch();
        assertEquals(512, result.endRead());
        assertEquals(-1, bytes.mismatch(into));
        into.fill((byte) 0);
        bus.rearm(result);
        bus.submit();
      }
      bus.done(bus.dispatch());
      assertEquals(-1, bytes.mismatch(into));
      bus.unregister(registered);
      assertAllFree(bus);
      closeFile(bus, file);
      closeFile(bus, other);
    }
  }

  /// Also where the host has not registered it.
  @Test
  default void aReadIntoARegisteredBufferFillsTheSamePartAgain() throws IOException {
    int times = 8;
    try (Arena arena = Arena.ofShared();
        Bus bus = open(4)) {
      MemorySegment bytes = pattern(arena, times * 512, 7);
      OpenFile file = openNew(bus, "part");
      write(bus, file, bytes);
      RegisteredFile registered = bus.register(file);
      RegisteredBuffer buffer = bus.newBuffer(2048, Pages.NORMAL);
      MemorySegment memory = buffer.memory();
      bus.submit(bus.read(registered, buffer, 1024, 512, 0));
      for (int i = 0; i < times; i++) {
        Result result = bus.dispatch();
        assertEquals(512, result.endRead());
        assertEquals(-1, bytes.asSlice(i * 512L, 512).mismatch(memory.asSlice(1024, 512)));
        assertEquals(0, buffer.inFlight());
        if (i == times - 1) {
          bus.done(result);
          break;
        }
        memory.fill((byte) 0);
        result.handle().offset((i + 1) * 512L);
        bus.rearm(result);
        assertEquals(1, buffer.inFlight());
        assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
        bus.submit();
      }
      memory.asSlice(1024, 512).fill((byte) 0);
      assertEquals(-1, arena.allocate(2048).mismatch(memory), "bytes beside the part");
      bus.submit(bus.read(registered, buffer, 0, 512, 0));
      Result last = bus.dispatch();
      bus.unregister(buffer);
      assertThrows(IllegalStateException.class, () -> bus.rearm(last));
      bus.done(last);
      bus.unregister(registered);
      assertAllFree(bus);
      closeFile(bus, file);
    }
  }

  /// A slot and a buffer count what is in flight on them, and not what a visitor looks at.
  @Test
  default void aVisitorHasRegisteredReadsDoneAgain() throws IOException {
    int times = 8;
    try (Arena arena = Arena.ofShared();
        Bus bus = open(4)) {
      MemorySegment bytes = pattern(arena, times * 512, 5);
      OpenFile file = openNew(bus, "visited");
      write(bus, file, bytes);
      RegisteredFile registered = bus.register(file);
      RegisteredBuffer buffer = bus.newBuffer(2048, Pages.NORMAL);
      MemorySegment part = buffer.memory().asSlice(512, 512);
      bus.enqueue(bus.read(registered, buffer, 512, 512, 0));
      int[] count = {0};
      ResultVisitor visitor =
          (result, outcome) -> {
            assertEquals(512, outcome);
            assertFalse(registered.isInUse());
            assertEquals(0, buffer.inFlight());
            assertEquals(-1, bytes.asSlice(count[0] * 512L, 512).mismatch(part));
            part.fill((byte) 0);
            result.handle().offset(++count[0] % times * 512L);
            return count[0] < times ? Then.REARM : Then.DONE;
          };
      while (bus.inFlight() > 0) {
        assertTrue(registered.isInUse());
        assertEquals(1, buffer.inFlight());
        bus.dispatch(1, 1, 20 * SECOND, visitor);
      }
      assertEquals(times, count[0]);
      bus.unregister(buffer);
      bus.unregister(registered);
      assertAllFree(bus);
      closeFile(bus, file);
    }
  }

  /// What waits because of a barrier is not overtaken by what is done again.
  @Test
  default void whatIsDoneAgainStandsBehindADrain() throws IOException {
    try (Bus bus = open(8)) {
      bus.enqueue(bus.nop(), bus.nop(), bus.nop(), bus.nop());
      List<Object> seen = new ArrayList<>();
      ResultVisitor visitor =
          (result, outcome) -> {
            seen.add(String.valueOf(result.attachment()));
            if (seen.size() == 1) {
              try {
                bus.drain(bus.nop().attach("alone"));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            }
            return seen.size() <= 4 ? Then.REARM : Then.DONE;
          };
      dispatchAll(bus, visitor);
      assertEquals(List.of("null", "null", "null", "null", "alone"), seen.subList(0, 5));
      assertEquals(9, seen.size());
      assertAllFree(bus);
    }
  }

  @Test
  default void aDeadlineBeginsAnew() throws IOException {
    try (Bus bus = open(2)) {
      bus.submit(bus.nop().deadline(Duration.ofMillis(20)));
      for (int i = 0; i < 10; i++) {
        Result result = bus.dispatch();
        result.endNop();
        finish(bus, bus.timeout(Duration.ofMillis(4)));
        bus.rearm(result);
        bus.submit();
      }
      bus.done(bus.dispatch());
      assertAllFree(bus);
    }
  }

  @Test
  default void whatCannotBeDoneAgainIsRefusedAndStaysAsItWas() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = open(5)) {
      OpenFile file = openNew(bus, "refused");
      MemorySegment memory = pattern(arena, 512, 9);
      write(bus, file, memory);
      RegisteredBuffer buffer = bus.newBuffer(1024, Pages.NORMAL);
      MemorySegment whole = buffer.memory();
      Handle[] handles = {
        bus.read(file, buffer, new MemorySegment[] {whole.asSlice(0, 8), whole.asSlice(9, 8)}, 0),
        bus.readFully(file, memory, 0),
        bus.read(file, new MemorySegment[] {memory.asSlice(0, 8), memory.asSlice(8, 8)}, 0),
        bus.sync(file),
        bus.timeout(Duration.ofMillis(1)),
      };
      for (Handle handle : handles) {
        bus.submit(handle);
        Result result = bus.dispatch();
        assertThrows(IllegalArgumentException.class, () -> bus.rearm(result));
        assertTrue(!result.isFailure() || result.errno() != 0);
        bus.done(result);
        bus.submit(bus.nop());
        bus.done(bus.dispatch());
      }
      bus.unregister(buffer);
      bus.submit(bus.sync(file));
      assertThrows(
          IllegalArgumentException.class,
          () -> bus.dispatch(1, 4, 20 * SECOND, (result, outcome) -> Then.REARM));
      bus.submit(bus.read(file, memory, 0));
      Result read = bus.dispatch();
      bus.submit(bus.read(file, memory, 0).deadline(Duration.ofMinutes(1)));
      Result bounded = bus.dispatch();
      assertThrows(IllegalArgumentException.class, () -> read.handle().offset(-1));
      closeFile(bus, file);
      for (Result result : List.of(read, bounded)) {
        assertThrows(IllegalStateException.class, () -> bus.rearm(result));
        assertEquals(512, result.endRead());
        bus.done(result);
      }
      assertAllFree(bus);
    }
  }

  @Test
  default void whatWasCancelledIsNotDoneAgain() throws IOException {
    try (Bus bus = open(4)) {
      Handle handle = bus.nop();
      bus.submit(handle);
      Result result = bus.dispatch();
      Handle cancel = bus.cancel(handle);
      assertThrows(IllegalStateException.class, () -> bus.rearm(result));
      bus.discard(cancel);
      bus.rearm(result); // Nothing has come of the cancel.
      bus.submit(bus.cancel(handle));
      int[] passed = new int[1];
      while (passed[0] < 2) {
        ResultVisitor visitor =
            (ended, outcome) -> {
              passed[0]++;
              return ended.handle().operation().equals("cancel") ? Then.DONE : Then.REARM;
            };
        bus.dispatch(1, 4, 20 * SECOND, visitor);
      }
      dispatchAll(bus, (ended, outcome) -> Then.DONE);
      assertAllFree(bus);
    }
  }

  /// The cancel may end before what it cancels, and then its handle is free.
  @Test
  default void whatWasCancelledIsNotDoneAgainWhenTheCancelHasEnded() throws IOException {
    try (Bus bus = open(4)) {
      bus.drain(bus.timeout(Duration.ofMinutes(1)));
      bus.enqueue(bus.nop());
      bus.enqueue(bus.nop());
      assertEquals(3, bus.cancelAll());
      int[] passed = new int[1];
      ResultVisitor visitor =
          (result, outcome) -> {
            passed[0]++;
            return Then.REARM;
          };
      ResultVisitor untilTheTimeout =
          (result, outcome) ->
              result.handle().operation().equals("timeout")
                  ? Then.DONE
                  : visitor.visit(result, outcome);
      dispatchAll(bus, untilTheTimeout);
      assertEquals(2, passed[0]);
      assertAllFree(bus);
    }
  }
}
