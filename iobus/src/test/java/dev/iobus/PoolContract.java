package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of pools of buffers.
interface PoolContract extends OneBus {

  @Test
  default void aPoolServesManyReceivesAndItsEndIsTold() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool = bus().newPool(2, 1000);
    Handle receive = bus().recvMany(ends.get(1), pool);
    bus().submit(receive);
    List<PoolBuffer> kept = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Handle send = bus().send(ends.get(0), bytes("message " + i));
      bus().submit(send);
      for (int results = 0; results < 2; results++) {
        Result result = dispatched();
        if (result.handle().equals(receive)) {
          assertTrue(result.hasMore());
          assertEquals(9, result.endRecv());
          PoolBuffer buffer = result.buffer();
          assertEquals("message " + i, text(buffer.memory(), buffer.length()));
          kept.add(buffer);
        } else {
          assertEquals(9, result.endSend());
        }
        bus().done(result);
      }
    }
    assertEquals(2, pool.inUse());
    Handle send = bus().send(ends.get(0), bytes("too many"));
    bus().submit(send);
    for (int results = 0; results < 2; results++) {
      Result result = dispatched();
      if (result.handle().equals(receive)) {
        assertFalse(result.hasMore());
        assertThrows(NoBuffersException.class, result::endRecv);
        assertThrows(IllegalStateException.class, result::buffer);
      }
      bus().done(result);
    }
    assertEquals("message 0", text(kept.get(0).memory(), 9));
    assertThrows(IllegalStateException.class, pool::close);
    pool.release(kept.get(0));
    assertThrows(IllegalStateException.class, () -> pool.release(kept.get(0)));
    // Nothing was lost, and the buffer serves again.
    assertEquals(
        "too many",
        run(
            bus().recv(ends.get(1), pool),
            result -> text(result.buffer().memory(), result.endRecv())));
    assertEquals(2, pool.inUse());
    pool.release(kept.get(1));
    closeAll(ends.get(0));
    assertEquals(-1, run(bus().recv(ends.get(1), pool), Result::endRecv));
    closeAll(ends.get(1), server);
  }

  @Test
  default void aBufferThatNobodyAsksForGoesBackByItself() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    try (BufferPool pool = bus().newPool(1, 100)) {
      for (int i = 0; i < 10; i++) {
        run(bus().send(ends.get(0), bytes("x")), Result::endSend);
        assertEquals(1, run(bus().recv(ends.get(1), pool), Result::endRecv));
      }
      assertEquals(0, pool.inUse());
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A pool could be closed between the completion of a receive and `done`. Then the buffer was given
  /// back to whatever had the number of the pool by then: to nothing, which made `close` of the bus
  /// leak everything, or to a smaller pool, whose kernel received behind its memory.
  @Test
  default void aPoolIsNotClosedUnderAResult() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool = bus().newPool(4, 100);
    run(bus().send(ends.get(0), bytes("x")), Result::endSend);
    Handle receive = bus().recv(ends.get(1), pool);
    bus().submit(receive);
    bus().submit(bus().nop(), bus().nop());
    int passed = 0;
    while (passed < 3) { // Some stand in the queue, others were passed on and are not done.
      assertThrows(IllegalStateException.class, pool::close);
      passed += bus().dispatch(1, 1, 20 * SECOND, result -> {});
    }
    assertThrows(IllegalStateException.class, pool::close);
    bus().done(receive.result);
    pool.close();
    BufferPool smaller = bus().newPool(1, 10);
    run(bus().send(ends.get(0), bytes("y")), Result::endSend);
    PoolBuffer buffer = run(bus().recv(ends.get(1), smaller), Result::buffer);
    assertEquals("y", text(buffer.memory(), buffer.length()));
    smaller.release(buffer);
    smaller.close();
    // One that nobody dispatches goes with the bus.
    BufferPool left = bus().newPool(1, 10);
    run(bus().send(ends.get(0), bytes("z")), Result::endSend);
    bus().submit(bus().recv(ends.get(1), left), bus().nop());
    bus().dispatch(2, 2, 20 * SECOND, result -> {});
    closeAll(ends.get(0), ends.get(1), server);
    reopen(64);
    assertThrows(IllegalStateException.class, () -> left.release(buffer));
  }

  /// Before Linux 5.19 a receive that found its pool empty was an entry that did nothing, ended well
  /// for the kernel and was tied to nothing: what was chained to it ran.
  @Test
  default void aReceiveFromAnEmptyPoolCutsItsChain() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool = bus().newPool(1, 10);
    run(bus().send(ends.get(0), bytes("x")), Result::endSend);
    PoolBuffer taken = run(bus().recv(ends.get(1), pool), Result::buffer);
    run(bus().send(ends.get(0), bytes("y")), Result::endSend);
    for (boolean first : new boolean[] {true, false}) {
      Handle before = bus().nop();
      Handle receive = bus().recv(ends.get(1), pool);
      Handle cut = bus().send(ends.get(1), bytes("answer"));
      if (first) {
        bus().discard(before);
        bus().chain(receive, cut);
      } else {
        bus().chain(before, receive, cut);
      }
      bus().submit();
      if (!first) {
        ended(before);
      }
      assertThrows(NoBuffersException.class, () -> next(receive, Result::endRecv));
      assertThrows(CancelledException.class, () -> next(cut, Result::endSend));
    }
    Handle receive = bus().recv(ends.get(1), pool);
    Handle behind = bus().nop();
    bus().serialize(receive, behind);
    bus().submit();
    assertThrows(NoBuffersException.class, () -> next(receive, Result::endRecv));
    ended(behind);
    pool.release(taken);
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A handle was taken before the pool was looked at, and never given back.
  @Test
  default void aRefusedReceiveTakesNoHandle() throws IOException {
    OpenSocket socket = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    BufferPool pool = bus().newPool(1, 10);
    pool.close();
    for (int i = 0; i <= bus().capacity(); i++) {
      assertThrows(IllegalStateException.class, () -> bus().recv(socket, pool));
    }
    closeAll(socket);
  }

  private void ended(Handle nop) throws IOException {
    next(
        nop,
        result -> {
          result.endNop();
          return 0;
        });
  }
}
