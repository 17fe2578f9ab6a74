package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of timeouts and deadlines.
interface TimeoutContract extends OneBus {

  @Test
  default void timeoutsEndInOrderAndNotTooEarly() throws IOException {
    long start = nanoTime();
    Handle late = bus().timeout(Duration.ofMillis(60));
    Handle early = bus().timeoutAt(start + 20_000_000);
    Handle past = bus().timeoutAt(start - 1);
    bus().submit(late, early, past);
    next(past, r -> {
      r.endTimeout();
      return 0;
    });
    next(early, r -> {
      r.endTimeout();
      return 0;
    });
    assertTrue(nanoTime() - start >= 20_000_000);
    next(late, r -> {
      r.endTimeout();
      return 0;
    });
    assertTrue(nanoTime() - start >= 60_000_000);
  }

  @Test
  default void aTimeoutCanBeCancelled() throws IOException {
    List<Handle> timeouts =
        List.of(bus().timeout(Duration.ofHours(1)), bus().timeoutAt(Long.MAX_VALUE));
    for (Handle timeout : timeouts) {
      bus().submit(timeout);
      assertEquals(null, bus().dispatch(1_000_000));
      assertEquals(1, bus().cancelAll());
      assertEquals(1, bus().cancelAll());
      assertThrows(
          CancelledException.class,
          () -> next(timeout, r -> {
            r.endTimeout();
            return 0;
          }));
      assertEquals(0, bus().inFlight());
    }
  }

  @Test
  default void aDeadlineEndsAnOperationThatWaits() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(10);
    long start = nanoTime();
    Handle receive = bus().recv(ends.get(1), into).deadline(Duration.ofMillis(30));
    bus().submit(receive);
    TimedOutException e =
        assertThrows(TimedOutException.class, () -> next(receive, Result::endRecv));
    assertEquals("ETIME", e.errnoName());
    assertTrue(nanoTime() - start >= 30_000_000);
    // One that ends in time tells nothing of its deadline.
    run(bus().send(ends.get(0), bytes("x")), Result::endSend);
    Handle again = bus().recv(ends.get(1), into).deadline(Duration.ofSeconds(60));
    assertEquals(1, run(again, Result::endRecv));
    assertEquals(null, bus().dispatch(1_000_000));
    assertThrows(
        IllegalStateException.class,
        () -> bus().acceptMany(server).deadline(Duration.ofMillis(1)));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void aDeadlineThatIsKeptChangesNothingForFiles() throws IOException {
    Duration minute = Duration.ofSeconds(60);
    OpenFile file =
        run(
            bus().create(directory().resolve("kept"), OpenFlag.READ).deadline(minute),
            Result::endOpen);
    assertEquals(
        4, run(bus().write(file, bytes("kept"), 0).deadline(minute), Result::endWrite));
    ran(bus().dataSync(file).deadline(minute));
    MemorySegment into = arena().allocate(4);
    Handle read = bus().read(file, into, 0).deadline(minute);
    Handle full = bus().writeFully(file, bytes("more"), 4, WriteFlag.NONE).deadline(minute);
    Handle stat = bus().stat(file).deadline(minute);
    bus().chain(read, stat);
    bus().submit(full);
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure(), result::toString);
      bus().done(result);
    }
    assertEquals("kept", text(into, 4));
    assertEquals(8L, run(bus().stat(file).deadline(minute), Result::endStat).size());
    ran(bus().close(file).deadline(minute));
    ran(bus().nop().deadline(minute));
    assertEquals(0, bus().inFlight());
  }

  @Test
  default void aDeadlineInAChainCutsIt() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(4);
    Handle receive = bus().recv(ends.get(1), into).deadline(Duration.ofMillis(20));
    Handle behind = bus().nop();
    bus().chain(receive, behind);
    bus().submit();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(receive)) {
        assertThrows(TimedOutException.class, result::endRecv);
      } else {
        assertThrows(CancelledException.class, result::endNop);
      }
      bus().done(result);
    }
    run(bus().send(ends.get(0), bytes("four")), Result::endSend);
    Handle again = bus().recv(ends.get(1), into).deadline(Duration.ofSeconds(60));
    Handle after = bus().nop();
    bus().chain(again, after);
    bus().submit();
    assertEquals(4, next(again, Result::endRecv));
    next(
        after,
        result -> {
          result.endNop();
          return 0;
        });
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void aDeadlineHoldsForAWholeTransfer() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    run(bus().send(ends.get(0), bytes("half")), Result::endSend);
    Handle receive =
        bus().recvFully(ends.get(1), arena().allocate(8)).deadline(Duration.ofMillis(30));
    bus().submit(receive);
    Result result = dispatched();
    assertThrows(TimedOutException.class, result::endRecvFully);
    assertEquals(4, result.transferred());
    bus().done(result);
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A point of time became a span when the timeout was prepared, and the span began when the host
  /// got to it: a timeout that was enqueued late, or stood in a series, ended late.
  @Test
  default void aPointOfTimeDoesNotMove() throws IOException {
    long start = nanoTime();
    Handle late = bus().timeoutAt(start + 155_000_000);
    Handle later = bus().timeoutAt(start + 205_000_000);
    assertEquals(null, bus().dispatch(50_000_000));
    Handle before = bus().timeout(Duration.ofMillis(150));
    bus().serialize(before, late, later);
    bus().submit();
    for (Handle handle : List.of(before, late, later)) {
      next(
          handle,
          r -> {
            r.endTimeout();
            return 0;
          });
    }
    long passed = nanoTime() - start;
    assertTrue(passed >= 205_000_000, "too early");
    // Spans that begin when each one's turn comes end after 460 ms at the earliest.
    assertTrue(passed < 450_000_000, () -> passed / 1_000_000 + " ms");
  }

  /// A deadline did not run while a barrier or a close held its operation back: behind one that never
  /// ended it had no result for ever.
  @Test
  default void aDeadlineRunsWhileItsOperationIsHeldBack() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    Handle receive = bus().recvFully(ends.get(1), arena().allocate(10));
    bus().submit(receive);
    long start = nanoTime();
    Handle alone = bus().nop().deadline(Duration.ofMillis(20));
    Handle behind = bus().nop();
    bus().drain(alone);
    bus().submit(behind);
    assertThrows(
        TimedOutException.class,
        () -> next(alone, r -> {
          r.endNop();
          return 0;
        }));
    assertTrue(nanoTime() - start >= 20_000_000);
    next(behind, r -> {
      r.endNop();
      return 0;
    });
    Handle close = bus().close(ends.get(1)).deadline(Duration.ofMillis(20));
    Handle sync = bus().nop().deadline(Duration.ofMillis(1));
    bus().chain(close, sync);
    bus().submit();
    assertTrue(ends.get(1).isClosed());
    assertThrows(
        TimedOutException.class,
        () -> next(close, r -> {
          r.endClose();
          return 0;
        }));
    assertThrows(
        CancelledException.class,
        () -> next(sync, r -> {
          r.endNop();
          return 0;
        }));
    assertFalse(ends.get(1).isClosed());
    bus().submit(bus().send(ends.get(0), bytes("0123456789")));
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      bus().done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// On io_uring it counted from when those before had ended, elsewhere from when it was enqueued, so
  /// that it could have passed before its operation began. And a member whose chain was cut later than
  /// that was told to have timed out.
  @Test
  default void aDeadlineInARunCountsFromWhenItsTurnComes() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(4);
    run(bus().send(ends.get(0), bytes("four")), Result::endSend);
    for (boolean there : new boolean[] {true, false}) {
      long start = nanoTime();
      Handle before = bus().timeout(Duration.ofMillis(120));
      Handle receive = bus().recv(ends.get(1), into).deadline(Duration.ofMillis(60));
      bus().serialize(before, receive);
      bus().submit();
      next(before, r -> {
        r.endTimeout();
        return 0;
      });
      if (there) {
        assertEquals(4, next(receive, Result::endRecv));
      } else {
        assertThrows(TimedOutException.class, () -> next(receive, Result::endRecv));
        assertTrue(nanoTime() - start >= 180_000_000);
      }
    }
    Handle first = bus().recv(ends.get(1), into).deadline(Duration.ofMillis(40));
    Handle cut = bus().recv(ends.get(1), into).deadline(Duration.ofMillis(10));
    bus().chain(first, cut);
    bus().submit();
    assertThrows(TimedOutException.class, () -> next(first, Result::endRecv));
    assertThrows(CancelledException.class, () -> next(cut, Result::endRecv));
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// How many bytes a receive had taken from its stream was lost with them when it was cancelled.
  @Test
  default void whatACancelledTransferHasMovedIsTold() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(8);
    run(bus().send(ends.get(0), bytes("half")), Result::endSend);
    Handle receive = bus().recvFully(ends.get(1), into);
    bus().submit(receive);
    assertEquals(null, bus().dispatch(20_000_000));
    Handle cancel = bus().cancel(receive);
    bus().submit(cancel);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(receive)) {
        assertThrows(CancelledException.class, result::endRecvFully);
        assertEquals(4, result.transferred());
        assertEquals("half", text(into, result.transferred()));
      } else {
        assertThrows(IllegalStateException.class, result::transferred);
      }
      bus().done(result);
    }
    run(bus().send(ends.get(0), bytes(" more")), Result::endSend);
    Handle rest = bus().recvFully(ends.get(1), into.asSlice(0, 5));
    assertEquals(5L, (long) run(rest, Result::endRecvFully));
    assertEquals(" more", text(into, 5));
    closeAll(ends.get(0), ends.get(1), server);
  }
}
