package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
}
