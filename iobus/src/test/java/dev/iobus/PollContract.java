package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What every bus promises of readiness.
interface PollContract extends OneBus {

  @Test
  default void pollTellsReadiness() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    assertEquals(
        Set.of(Readiness.WRITABLE),
        run(bus().poll(ends.get(0), Readiness.WRITABLE), Result::endPoll));
    Handle poll = bus().poll(ends.get(1), Readiness.READABLE);
    bus().submit(poll);
    assertEquals(null, bus().dispatch(1_000_000));
    Handle send = bus().send(ends.get(0), bytes("x"));
    bus().submit(send);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(poll)) {
        assertEquals(Set.of(Readiness.READABLE), result.endPoll());
      }
      bus().done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void pollManyTellsAgain() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(10);
    Handle poll = bus().pollMany(ends.get(1), Readiness.READABLE);
    bus().submit(poll);
    for (int round = 0; round < 3; round++) {
      bus().submit(bus().send(ends.get(0), bytes("x")));
      boolean told = false;
      boolean sent = false;
      while (!told || !sent) {
        Result result = dispatched();
        if (result.handle().equals(poll)) {
          assertTrue(result.hasMore());
          told |= result.endPoll().contains(Readiness.READABLE);
        } else {
          sent = true;
        }
        bus().done(result);
      }
      Handle receive = bus().recv(ends.get(1), into);
      bus().submit(receive);
      boolean received = false;
      while (!received) {
        Result result = dispatched();
        received = result.handle().equals(receive);
        bus().done(result);
      }
    }
    assertEquals(1, bus().cancelAll(ends.get(1)));
    boolean ended = false;
    while (!ended) {
      Result result = dispatched();
      assertEquals(poll, result.handle());
      ended = !result.hasMore();
      bus().done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }
}
