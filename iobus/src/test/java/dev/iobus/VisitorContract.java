package dev.iobus;

import static dev.iobus.BusSteps.assertAllFree;
import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.pattern;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.ResultVisitor.Then;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// What every bus promises of visitors, whatever they do.
interface VisitorContract extends BusHost {

  /// Its visitor does not see it: the result that it would see is another's by then.
  @Test
  default void aCallbackMayEndItsResult() throws IOException {
    try (Bus bus = open(2)) {
      int[] called = new int[1];
      Handle handle = bus.nop();
      bus.submit(
          handle.callback(
              result -> {
                called[0]++;
                bus.done(result);
              }));
      ResultVisitor fails =
          (result, outcome) -> {
            throw new AssertionError(result);
          };
      assertEquals(1, bus.dispatch(1, 2, 20 * SECOND, fails));
      assertEquals(1, called[0]);
      assertAllFree(bus);
    }
  }

  @Test
  default void aVisitorThatSaysNothingIsTold() throws IOException {
    try (Bus bus = open(2)) {
      bus.submit(bus.nop());
      ResultVisitor visitor = (result, outcome) -> nothing();
      String said = "the visitor returned null; return DONE, REARM or KEEP";
      assertNamed(said, () -> bus.dispatch(1, 2, 20 * SECOND, visitor));
      bus.submit(bus.nop().callback(result -> {})); // Goes no short way.
      assertNamed(said, () -> bus.dispatch(1, 2, 20 * SECOND, visitor));
      assertAllFree(bus);
    }
  }

  @Test
  default void nobodyToPassResultsToIsRefusedBeforeTheyAreTaken() throws IOException {
    try (Bus bus = open(2)) {
      bus.submit(bus.nop());
      assertNamed("visitor", () -> bus.dispatch(1, 1, SECOND, VisitorContract.<ResultVisitor>none()));
      assertNamed("sink", () -> bus.dispatch(1, 1, SECOND, VisitorContract.<ResultSink>none()));
      assertNamed("sink", () -> bus.dispatchMinWait(1, 1, 0, SECOND, none()));
      assertEquals(1, bus.dispatch(1, 1, 20 * SECOND, bus::done));
      assertAllFree(bus);
    }
  }

  @Test
  default void noCallbackIsRefusedAndTheOneBeforeIsKept() throws IOException {
    try (Bus bus = open(1)) {
      int[] called = new int[1];
      Handle handle = bus.nop().callback(result -> called[0]++);
      assertNamed("callback", () -> handle.callback(none()));
      bus.submit(handle);
      bus.done(bus.dispatch());
      assertEquals(1, called[0]);
    }
  }

  private static void assertNamed(String said, Executable call) {
    assertEquals(said, assertThrows(NullPointerException.class, call).getMessage());
  }

  private static Then nothing() {
    return none();
  }

  /// What a caller without its checks may pass and return.
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }

  /// A visitor may end the view itself, and take the handle for something else at once.
  @Test
  default void aVisitorThatEndsItselfEndsOnce() throws IOException {
    for (Then then : Then.values()) {
      try (Bus bus = open(1)) {
        int[] seen = new int[1];
        List<Handle> prepared = new ArrayList<>();
        ResultVisitor visitor =
            (result, outcome) -> {
              bus.done(result);
              if (seen[0]++ < 10) {
                prepared.add(bus.nop());
              }
              return then;
            };
        bus.submit(bus.nop());
        bus.dispatch(1, 1, 20 * SECOND, visitor);
        while (!prepared.isEmpty()) {
          bus.submit(prepared.removeLast());
          assertEquals(1, bus.dispatch(1, 1, 20 * SECOND, visitor));
        }
        assertEquals(11, seen[0]);
        assertAllFree(bus);
      }
    }
  }

  /// The handle of the result that a visitor has ended is dispatched again before it returns.
  @Test
  default void aVisitorThatTakesItsHandleAgainEndsOnce() throws IOException {
    for (Then then : Then.values()) {
      try (Bus bus = open(1)) {
        List<Result> kept = new ArrayList<>();
        ResultVisitor keeps =
            (result, outcome) -> {
              kept.add(result);
              return Then.KEEP;
            };
        ResultVisitor visitor =
            (result, outcome) -> {
              bus.done(result);
              try {
                bus.enqueue(bus.nop());
                assertEquals(1, bus.dispatch(1, 1, 20 * SECOND, keeps));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
              return then;
            };
        bus.submit(bus.nop());
        assertEquals(1, bus.dispatch(1, 1, 20 * SECOND, visitor));
        assertEquals(0, bus.inFlight());
        kept.getFirst().endNop();
        bus.done(kept.getFirst());
        assertAllFree(bus);
      }
    }
  }

  @Test
  default void aCallbackThatIsSetInFlightIsRun() throws IOException {
    try (Bus bus = open(1)) {
      Handle handle = bus.nop();
      bus.enqueue(handle);
      int[] called = new int[1];
      handle.callback(result -> called[0]++);
      assertEquals(1, bus.dispatch(1, 1, 20 * SECOND, (result, outcome) -> Then.DONE));
      assertEquals(1, called[0]);
      assertAllFree(bus);
    }
  }

  @Test
  default void whatIsKeptIsValidUntilItIsDone() throws IOException {
    try (Bus bus = open(4)) {
      List<Result> kept = new ArrayList<>();
      ResultVisitor visitor =
          (result, outcome) -> {
            kept.add(result);
            return Then.KEEP;
          };
      bus.submit(bus.nop(), bus.nop(), bus.nop(), bus.nop());
      assertEquals(4, bus.dispatch(4, 4, 20 * SECOND, visitor));
      assertThrows(QueueFullException.class, bus::nop);
      for (Result result : kept) {
        result.endNop();
        bus.done(result);
      }
      assertAllFree(bus);
    }
  }

  @Test
  default void aVisitorThatThrowsMissesNothingAndSeesNothingTwice() throws IOException {
    int batch = 8;
    for (int fails = 0; fails < batch; fails++) {
      int at = fails;
      try (Bus bus = open(batch)) {
        List<Object> seen = new ArrayList<>();
        ResultVisitor visitor =
            (result, outcome) -> {
              seen.add(result.attachment());
              if (seen.size() == at + 1) {
                throw new IllegalArgumentException("result " + at);
              }
              return Then.DONE;
            };
        for (int i = 0; i < batch; i++) {
          bus.enqueue(bus.nop().attach(i));
        }
        IllegalArgumentException thrown =
            assertThrows(
                IllegalArgumentException.class,
                () -> bus.dispatch(batch, batch, 20 * SECOND, visitor));
        assertEquals("result " + at, thrown.getMessage());
        assertEquals(batch - 1 - at, bus.dispatch(0, batch, 0, visitor));
        assertEquals(batch, seen.stream().distinct().count());
        assertAllFree(bus);
      }
    }
  }

  /// Its result was passed to nobody and ended by nobody: its handle was in use for ever.
  @Test
  default void aCallbackThatThrowsEndsItsOwnResultAlone() throws IOException {
    int batch = 4;
    for (int fails = 0; fails < batch; fails++) {
      try (Bus bus = open(batch)) {
        List<Object> seen = new ArrayList<>();
        ResultVisitor visitor =
            (result, outcome) -> {
              seen.add(result.attachment());
              return Then.DONE;
            };
        for (int i = 0; i < batch; i++) {
          Handle nop = bus.nop().attach(i);
          bus.enqueue(i == fails ? nop.callback(VisitorContract::fail) : nop);
        }
        assertThrows(
            IllegalArgumentException.class,
            () -> {
              while (seen.size() < batch) {
                bus.dispatch(1, batch, 20 * SECOND, visitor);
              }
            });
        while (seen.size() < batch - 1) {
          assertTrue(bus.dispatch(1, batch, 20 * SECOND, visitor) > 0);
        }
        assertFalse(seen.contains(fails));
        assertAllFree(bus);
      }
    }
  }

  private static void fail(Result result) {
    throw new IllegalArgumentException(result.toString());
  }

  @Test
  default void aVisitorMayCloseTheBus() throws IOException {
    for (Then then : Then.values()) {
      Bus bus = open(4);
      try {
        bus.enqueue(bus.nop(), bus.nop(), bus.nop());
        int[] seen = new int[1];
        ResultVisitor visitor =
            (result, outcome) -> {
              seen[0]++;
              bus.close();
              return then;
            };
        assertEquals(1, bus.dispatch(1, 4, 20 * SECOND, visitor));
        assertEquals(1, seen[0]);
      } finally {
        bus.close();
      }
    }
  }

  /// Whatever visitors say, and whoever dispatches within whom, each operation that was enqueued is
  /// seen once.
  @Test
  default void everyOperationIsSeenAsOftenAsItIsDone() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = open(AnyVisits.CAPACITY)) {
      OpenFile file = openNew(bus, "model");
      MemorySegment bytes = pattern(arena, 8192, 2);
      finish(bus, bus.writeFully(file, bytes, 0, WriteFlag.NONE));
      MemorySegment into = arena.allocate(AnyVisits.CAPACITY * AnyVisits.LENGTH);
      AnyVisits visits = new AnyVisits(bus, file, into, 11);
      while (visits.seen() < 5000) {
        visits.step();
      }
      visits.end();
      assertAllFree(bus);
      closeFile(bus, file);
    }
  }
}
