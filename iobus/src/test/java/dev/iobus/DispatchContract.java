package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.opened;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.ResultVisitor.Then;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// What every bus promises of the batches that it passes to a sink: each result once, in the order in
/// which they came, whatever the sink does.
interface DispatchContract extends BusHost {

  private static void enqueueNops(Bus bus, int count, int first) throws IOException {
    for (int i = 0; i < count; i++) {
      bus.enqueue(bus.nop().attach(first + i));
    }
  }

  private static ResultSink into(Bus bus, List<Object> seen) {
    return result -> {
      seen.add(result.attachment());
      bus.done(result);
    };
  }

  /// Each of the first `count` numbers once.
  private static void assertAll(int count, List<Object> seen) {
    assertEquals(
        IntStream.range(0, count).boxed().toList(),
        seen.stream().map(Integer.class::cast).sorted().toList());
  }

  /// Dispatches until nothing is in flight.
  private static void dispatchAll(Bus bus, ResultSink sink) throws IOException {
    int count = 1;
    while (count > 0) {
      count = bus.dispatch(bus.inFlight() > 0 ? 1 : 0, bus.capacity(), 20 * SECOND, sink);
    }
  }

  @Test
  default void aSinkThatThrowsMissesNothingAndSeesNothingTwice() throws IOException {
    int batch = 8;
    for (int at = 0; at < batch; at++) {
      int fails = at;
      try (Bus bus = open(batch)) {
        List<Object> seen = new ArrayList<>();
        ResultSink sink =
            result -> {
              seen.add(result.attachment());
              bus.done(result);
              if (seen.size() == fails + 1) {
                throw new IllegalArgumentException("result " + fails);
              }
            };
        enqueueNops(bus, batch, 0);
        IllegalArgumentException thrown =
            assertThrows(
                IllegalArgumentException.class,
                () -> bus.dispatch(batch, batch, 20 * SECOND, sink));
        assertEquals("result " + fails, thrown.getMessage());
        assertEquals(fails + 1, seen.size());
        assertEquals(batch - 1 - fails, bus.dispatch(0, batch, 0, sink));
        assertAll(batch, seen);
        assertEquals(0, bus.inFlight());
        enqueueNops(bus, batch, 0);
        assertEquals(batch, bus.dispatch(batch, batch, 20 * SECOND, bus::done));
      }
    }
  }

  @Test
  default void eachResultComesOnceHoweverManyAreTaken() throws IOException {
    Random random = new Random(7);
    try (Bus bus = open(64)) {
      List<Object> seen = new ArrayList<>();
      List<Object> called = new ArrayList<>();
      Set<Object> expectedCalls = new HashSet<>();
      int started = 0;
      while (started < 2000) {
        int count = 1 + random.nextInt(64);
        for (int i = 0; i < count && started - seen.size() < 64; i++) {
          Handle handle = bus.nop().attach(started);
          if (random.nextInt(5) == 0) {
            expectedCalls.add(started);
            handle.callback(result -> called.add(result.attachment()));
          }
          bus.enqueue(handle);
          started++;
        }
        int maximum = 1 + random.nextInt(64);
        bus.dispatch(random.nextInt(2), maximum, 20 * SECOND, into(bus, seen));
        if (started > seen.size() && random.nextInt(3) == 0) {
          Result one = bus.dispatch();
          seen.add(one.attachment());
          bus.done(one);
        }
      }
      dispatchAll(bus, into(bus, seen));
      assertAll(started, seen);
      assertEquals(seen.stream().filter(expectedCalls::contains).toList(), called);
    }
  }

  @Test
  default void aSinkMayDispatch() throws IOException {
    int batch = 8;
    for (int nested = 0; nested < 4; nested++) {
      int kind = nested;
      try (Bus bus = open(batch)) {
        List<Object> seen = new ArrayList<>();
        ResultSink plain = into(bus, seen);
        ResultSink sink =
            result -> {
              plain.accept(result);
              if (seen.size() == 3) {
                takeWithin(bus, kind, plain);
              }
            };
        enqueueNops(bus, batch, 0);
        bus.dispatch(batch, batch, 20 * SECOND, sink);
        dispatchAll(bus, sink);
        assertAll(batch, seen);
      }
    }
  }

  /// In the middle of a batch of eight, three of which were seen.
  private static void takeWithin(Bus bus, int kind, ResultSink sink) {
    try {
      switch (kind) {
        case 0 -> sink.accept(bus.dispatch());
        case 1 -> assertEquals(2, bus.dispatch(2, 2, 20 * SECOND, sink));
        case 2 -> assertEquals(5, bus.dispatch(5, 8, 20 * SECOND, sink));
        default -> {
          while (bus.dispatchMinWait(1, 8, 1000, 0, sink) > 0) {
            assertTrue(bus.inFlight() >= 0);
          }
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  default void aSinkMayEnqueueSubmitAndCancel() throws IOException {
    try (Bus bus = open(16)) {
      Handle waits = bus.timeout(Duration.ofHours(1));
      bus.submit(waits);
      List<Object> seen = new ArrayList<>();
      ResultSink sink =
          result -> {
            seen.add(result.attachment());
            boolean nop = result.attachment() != null;
            bus.done(result);
            if (nop && seen.size() <= 100) {
              bus.enqueue(bus.nop().attach(seen.size() + 3));
            }
            if (seen.size() % 7 == 0) {
              bus.submit();
            }
            if (seen.size() == 50) {
              bus.submit(bus.cancel(waits));
            }
          };
      enqueueNops(bus, 4, 0);
      while (bus.inFlight() > 0) {
        bus.dispatch(1, 16, 20 * SECOND, sink);
      }
      assertEquals(2, seen.stream().filter(number -> number == null).count());
      assertTrue(seen.size() > 100);
    }
  }

  /// What ends a result throws an [IOException], and so may who is given one.
  @Test
  default void whatEndingAResultThrowsComesOutOfDispatch() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = opened(bus, bus.create(directory().resolve("unreadable")));
      MemorySegment into = arena.allocate(8);
      bus.enqueue(bus.read(file, into, 0));
      ResultSink sink = result -> endAndDone(bus, result);
      assertEbadf(() -> bus.dispatch(1, 4, Long.MAX_VALUE, sink));
      bus.enqueue(bus.read(file, into, 0));
      ResultVisitor visitor = (result, outcome) -> Then.valueOf("DONE" + result.endRead());
      assertEbadf(() -> bus.dispatch(1, 4, Long.MAX_VALUE, visitor));
      bus.enqueue(bus.read(file, into, 0).callback(result -> endAndDone(bus, result)));
      assertEbadf(bus::dispatch);
      assertEquals(0, bus.inFlight());
      closeFile(bus, file);
    }
  }

  private static void endAndDone(Bus bus, Result result) throws IOException {
    try {
      result.endRead();
    } finally {
      bus.done(result);
    }
  }

  private static void assertEbadf(Executable dispatch) {
    assertEquals("EBADF", assertThrows(BusException.class, dispatch).errnoName());
  }

  @Test
  default void aSinkMayCloseTheBus() throws IOException {
    try (Arena arena = Arena.ofShared()) {
      Bus bus = open(16);
      try {
        OpenFile file = openNew(bus, "closing");
        finish(bus, bus.write(file, arena.allocate(100), 0, WriteFlag.NONE));
        MemorySegment into = arena.allocate(800);
        enqueueNops(bus, 4, 0);
        for (int i = 0; i < 8; i++) {
          bus.enqueue(bus.read(file, into.asSlice(i * 100L, 100), 0).attach(i));
        }
        bus.enqueue(bus.timeout(Duration.ofHours(1)));
        List<Object> seen = new ArrayList<>();
        ResultSink sink =
            result -> {
              seen.add(result.attachment());
              bus.done(result);
              if (seen.size() == 2) {
                bus.close();
              }
            };
        assertEquals(2, bus.dispatch(4, 16, 20 * SECOND, sink));
        assertEquals(2, seen.size());
        assertThrows(IllegalStateException.class, bus::nop);
      } finally {
        bus.close();
      }
    }
  }

  /// On io_uring what the wake-up brings into the queue stands behind the last result, and the queue is
  /// unmapped when that has been passed on.
  @Test
  default void aSinkMayCloseABusThatWasWoken() throws IOException {
    for (int round = 0; round < 10; round++) {
      Bus bus = open(4);
      try {
        bus.enqueue(bus.nop());
        bus.wakeup();
        int[] passed = new int[1];
        ResultSink sink =
            result -> {
              passed[0]++;
              bus.done(result);
              bus.close();
            };
        while (passed[0] == 0) {
          bus.dispatch(1, 4, 20 * SECOND, sink);
        }
      } finally {
        bus.close();
      }
    }
  }

  /// A read that was enqueued alone goes the short way; what is to run alone waits for it.
  @Test
  default void aBarrierWaitsForReadsThatWereEnqueuedBeforeIt() throws IOException {
    try (Bus bus = open(16);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "barrier");
      finish(bus, bus.writeFully(file, arena.allocate(1 << 16), 0, WriteFlag.NONE));
      MemorySegment into = arena.allocate(8 << 12);
      for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 8; i++) {
          bus.enqueue(bus.read(file, into.asSlice((long) i << 12, 4096), (long) i << 12));
        }
        Handle alone = bus.nop();
        bus.drain(alone);
        Handle after = bus.read(file, into.asSlice(0, 10), 0);
        bus.enqueue(after);
        List<Handle> seen = new ArrayList<>();
        while (bus.inFlight() > 0) {
          bus.dispatch(
              1,
              16,
              20 * SECOND,
              result -> {
                seen.add(result.handle());
                bus.done(result);
              });
        }
        assertEquals(10, seen.size());
        assertSame(alone, seen.get(8));
        assertSame(after, seen.get(9));
      }
      closeFile(bus, file);
    }
  }
}
