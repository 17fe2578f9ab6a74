package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class UringNetworkTest extends NetworkContract {

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  @Test
  void aBusWaitsOnAnother() throws IOException {
    try (Bus inner = open(4)) {
      OpenFile file = inner.busFile();
      assertThrows(IllegalArgumentException.class, () -> ran(bus.close(file)));
    }
    try (Bus outer = open(4)) {
      Handle poll = outer.poll(bus.busFile(), Readiness.READABLE);
      outer.submit(poll);
      assertEquals(null, outer.dispatch(1_000_000));
      bus.submit(bus.nop());
      Result ready = outer.dispatch();
      assertTrue(ready.endPoll().contains(Readiness.READABLE));
      outer.done(ready);
      bus.done(bus.dispatch());
    }
  }

  @Test
  void anIncrementalPoolPutsMessagesBehindOneAnother() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool;
    try {
      pool = bus.newIncrementalPool(2, 16);
    } catch (BusException e) {
      Assumptions.abort("this kernel fills no buffers piece by piece: " + e.getMessage());
      return;
    }
    assertTrue(pool.isIncremental());
    long first = 0;
    for (int i = 0; i < 20; i++) {
      run(bus.send(ends.get(0), bytes("1234567")), Result::endSend);
      PoolBuffer buffer =
          run(
              bus.recv(ends.get(1), pool),
              result -> {
                assertTrue(result.endRecv() <= 7);
                return result.buffer();
              });
      String text = text(buffer.memory(), buffer.length());
      if (i == 0) {
        first = buffer.memory().address();
      } else if (i == 1) {
        assertEquals(first + 7, buffer.memory().address());
      }
      pool.release(buffer);
      if (text.length() < 7) {
        PoolBuffer rest = run(bus.recv(ends.get(1), pool), Result::buffer);
        text += text(rest.memory(), rest.length());
        pool.release(rest);
      }
      assertEquals("1234567", text);
    }
    pool.close();
    closeAll(ends.get(0), ends.get(1), server);
  }
}
