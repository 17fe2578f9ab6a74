package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What every bus promises of order where operations wait: chains, barriers, messages.
interface OrderContract extends OneBus {

  @Test
  default void drainRunsAloneAndHoldsBackWhatFollows() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(10);
    Handle receive = bus().recv(ends.get(1), into);
    Handle alone = bus().nop();
    Handle after = bus().nop();
    Handle chained = bus().nop();
    bus().submit(receive);
    bus().drain(alone);
    bus().chain(after, chained);
    bus().submit();
    assertEquals(null, bus().dispatch(10_000_000));
    assertEquals(4, bus().inFlight());
    // Not through the bus: that would wait, too.
    try (Bus other = open(4)) {
      other.submit(other.send(ends.get(0), bytes("go")));
      other.done(other.dispatch());
    }
    next(receive, Result::endRecv);
    next(alone, r -> {
      r.endNop();
      return 0;
    });
    next(after, r -> 0);
    next(chained, r -> 0);
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// Sends and receives that were enqueued alone go the short way; what is to run alone waits for
  /// them.
  @Test
  default void aBarrierWaitsForSendsAndReceivesThatWereEnqueuedBeforeIt() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(10);
    for (int round = 0; round < 10; round++) {
      Handle receive = bus().recv(ends.get(1), into);
      Handle send = bus().send(ends.get(0), bytes("go"));
      Handle alone = bus().nop();
      Handle after = bus().send(ends.get(0), bytes("on"));
      bus().enqueue(receive);
      bus().enqueue(send);
      bus().drain(alone);
      bus().enqueue(after);
      List<Handle> seen = new ArrayList<>();
      while (bus().inFlight() > 0) {
        Result result = dispatched();
        seen.add(result.handle());
        assertFalse(result.isFailure());
        bus().done(result);
      }
      assertEquals(List.of(alone, after), seen.subList(2, 4));
      assertEquals(2, run(bus().recv(ends.get(1), into), Result::endRecv));
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// It went to the backend the short way, and comes back the long one. Its handle then stands for
  /// others again.
  @Test
  default void aReceiveInFlightIsCancelled() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(10);
    for (int round = 0; round < 100; round++) {
      Handle receive = bus().recv(ends.get(1), into);
      bus().submit(receive);
      Handle cancel = bus().cancel(receive);
      bus().submit(cancel);
      Set<Handle> seen = new HashSet<>();
      for (int i = 0; i < 2; i++) {
        Result result = dispatched();
        assertTrue(seen.add(result.handle()));
        if (result.handle().equals(receive)) {
          assertThrows(CancelledException.class, result::endRecv);
        } else {
          result.endCancel();
        }
        bus().done(result);
      }
      assertEquals(Set.of(receive, cancel), seen);
      assertEquals(2, run(bus().send(ends.get(0), bytes("go")), Result::endSend));
      assertEquals(2, run(bus().recv(ends.get(1), into), Result::endRecv));
    }
    assertEquals(0, bus().inFlight());
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void whatIsHeldBackCanBeCancelled() throws IOException {
    Handle timeout = bus().timeout(Duration.ofHours(1));
    bus().submit(timeout);
    Handle alone = bus().nop();
    bus().drain(alone);
    Handle first = bus().nop();
    Handle second = bus().nop();
    bus().chain(first, second);
    bus().submit(bus().cancel(first));
    Set<Handle> cancelled = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      if (result.isFailure()) {
        cancelled.add(result.handle());
      }
      bus().done(result);
    }
    assertEquals(Set.of(first, second), cancelled);
    bus().cancelAll();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertTrue(result.isFailure());
      bus().done(result);
    }
    assertEquals(0, bus().inFlight());
  }

  @Test
  default void messagesOfOtherThreadsComeInOrder() throws Exception {
    Handle inbox = bus().inbox();
    bus().submit(inbox);
    Running sender =
        start(
            () -> {
              for (int i = 0; i < 500; i++) {
                bus().post(i);
              }
            });
    for (int i = 0; i < 500; i++) {
      Result result = dispatched();
      assertEquals(inbox, result.handle());
      assertTrue(result.hasMore());
      assertEquals(i, result.endInbox());
      bus().done(result);
    }
    sender.join();
    Handle second = bus().inbox();
    assertThrows(BusException.class, () -> run(second, Result::endInbox));
    bus().submit(bus().cancel(inbox));
    for (int i = 0; i < 2; i++) {
      bus().done(dispatched());
    }
    for (int i = 0; i < 1024; i++) {
      bus().post(i);
    }
    assertThrows(QueueFullException.class, () -> bus().post(0));
    Handle again = bus().inbox();
    bus().submit(again);
    assertEquals(0, next(again, Result::endInbox));
  }

  @Test
  default void chainedSendsAreWholeAndAFailureCutsThem() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(100);
    Handle one = bus().send(ends.get(0), bytes("one "));
    Handle two = bus().send(ends.get(0), bytes("two"));
    Handle end = bus().shutdown(ends.get(0), SocketSide.OUTPUT);
    bus().chain(one, two, end);
    bus().submit();
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      bus().done(result);
    }
    assertEquals(7L, (long) run(bus().recvFully(ends.get(1), into), Result::endRecvFully));
    assertEquals("one two", text(into, 7));
    Handle broken = bus().send(ends.get(0), bytes("late"));
    Handle behind = bus().nop();
    bus().chain(broken, behind);
    bus().submit();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertNotEquals(0, result.errno());
      bus().done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A message of more than the socket holds is sent in part; in a chain it goes on.
  @Test
  default void aMessageInAChainIsWholeOverAStream() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory().resolve("whole"));
    OpenSocket server = listening(StandardProtocolFamily.UNIX, address);
    List<OpenSocket> ends = connected(server);
    int half = 700_000;
    MemorySegment from = arena().allocate(2L * half, 4);
    Random random = new Random(3);
    for (long i = 0; i < half / 2; i++) {
      from.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
    Handle message =
        bus().sendMessage(ends.get(0), from.asSlice(0, half), from.asSlice(half, half));
    Handle end = bus().shutdown(ends.get(0), SocketSide.OUTPUT);
    bus().chain(message, end);
    bus().submit();
    assertEquals(null, bus().dispatch(5_000_000), "nobody has received anything");
    MemorySegment into = arena().allocate(from.byteSize() + 1);
    bus().submit(bus().recvFully(ends.get(1), into));
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      if (result.handle().equals(message)) {
        assertEquals(2 * half, result.endSendMessage());
      } else if (result.handle().equals(end)) {
        result.endShutdown();
      } else {
        assertEquals(from.byteSize(), result.endRecvFully());
      }
      bus().done(result);
    }
    assertEquals(-1, from.mismatch(into.asSlice(0, from.byteSize())));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void aChainGoesFromSocketsToFilesAndBack() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    OpenFile file =
        run(bus().create(directory().resolve("log"), OpenFlag.READ), Result::endOpen);
    MemorySegment into = arena().allocate(5);
    Handle receive = bus().recv(ends.get(1), into);
    Handle write = bus().write(file, into, 0);
    Handle answer = bus().send(ends.get(1), bytes("stored"));
    bus().chain(receive, write, answer);
    bus().submit();
    assertEquals(null, bus().dispatch(10_000_000));
    // In two parts that cannot be received as one, and the receive is whole nevertheless.
    assertEquals(3, run(bus().send(ends.get(0), bytes("hel")), Result::endSend));
    assertEquals(null, bus().dispatch(10_000_000));
    bus().submit(bus().send(ends.get(0), bytes("lo")));
    for (int i = 0; i < 4; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      bus().done(result);
    }
    MemorySegment told = arena().allocate(6);
    run(bus().recvFully(ends.get(0), told), Result::endRecvFully);
    assertEquals("stored", text(told, 6));
    MemorySegment read = arena().allocate(10);
    assertEquals(5, run(bus().read(file, read, 0), Result::endRead));
    assertEquals("hello", text(read, 5));
    ran(bus().close(file));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void aRunGoesOnAfterAWaitAndAChainIsCutByItsDeadline() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    Handle timeout = bus().timeout(Duration.ofMillis(5));
    Handle behind = bus().nop();
    bus().serialize(timeout, behind);
    bus().submit();
    next(timeout, r -> {
      r.endTimeout();
      return 0;
    });
    next(behind, r -> {
      r.endNop();
      return 0;
    });
    Handle late = bus().recv(ends.get(1), arena().allocate(4)).deadline(Duration.ofMillis(5));
    Handle cut = bus().nop();
    bus().chain(late, cut);
    bus().submit();
    assertThrows(TimedOutException.class, () -> next(late, Result::endRecv));
    assertThrows(
        CancelledException.class,
        () -> next(cut, r -> {
          r.endNop();
          return 0;
        }));
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A message woke its receiver only when there was no other, and one that waited for two knew of
  /// the first already: it slept on.
  @Test
  default void aMessageWakesWhoeverKnowsOfTheLast() throws Exception {
    Handle inbox = bus().inbox();
    bus().submit(inbox);
    bus().post(1);
    bus().submit();
    long start = nanoTime();
    Running sender = start(() -> bus().post(2));
    List<Long> messages = new ArrayList<>();
    int passed =
        bus().dispatch(
            2,
            2,
            10 * SECOND,
            result -> {
              messages.add(assertDoesNotThrow(result::endInbox));
              bus().done(result);
            });
    assertTrue(nanoTime() - start < 5 * SECOND, "nobody woke the receiver");
    sender.join();
    assertEquals(2, passed);
    assertEquals(List.of(1L, 2L), messages);
  }
}
