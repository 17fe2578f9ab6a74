package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// What every bus promises of connections that are reset: here by an end that is closed with bytes
/// which it has not received.
interface ResetContract extends OneBus {

  @Test
  default void aResetEndsWhatWaitsForTheConnection() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    OpenSocket stays = ends.get(0);
    OpenSocket goes = ends.get(1);
    SocketAddress peer = bus().remoteAddress(stays);
    assertEquals(6, run(bus().send(stays, bytes("unread")), Result::endSend));
    run(bus().poll(goes, Readiness.READABLE), Result::endPoll);
    Handle receive = bus().recv(stays, arena().allocate(8));
    bus().submit(receive);
    bus().submit(bus().close(goes));
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(receive)) {
        BusException reset = assertThrows(BusException.class, result::endRecv);
        assertEquals("ECONNRESET", reset.errnoName());
      } else {
        result.endClose();
      }
      bus().done(result);
    }
    BusException broken =
        assertThrows(
            BusException.class, () -> run(bus().send(stays, bytes("more")), Result::endSend));
    assertTrue(List.of("EPIPE", "ECONNRESET").contains(broken.errnoName()), broken::toString);
    if (bus().backend() == BackendKind.NIO) {
      assertEquals(peer, bus().remoteAddress(stays)); // A channel remembers it.
    } else {
      BusException gone = assertThrows(BusException.class, () -> bus().remoteAddress(stays));
      assertEquals("ENOTCONN", gone.errnoName());
    }
    closeAll(stays, server);
  }

  @Test
  default void aResetIsToldToWhoeverComesLater() throws IOException {
    OpenSocket server = listening();
    for (int round = 0; round < 3; round++) {
      List<OpenSocket> ends = connected(server);
      OpenSocket accepted = ends.get(1);
      run(bus().send(accepted, bytes("unread")), Result::endSend);
      run(bus().poll(ends.get(0), Readiness.READABLE), Result::endPoll);
      closeAll(ends.get(0));
      Set<Readiness> ready = run(bus().poll(accepted, Readiness.READABLE), Result::endPoll);
      assertTrue(ready.contains(Readiness.READABLE), ready::toString);
      BusException reset =
          assertThrows(
              BusException.class,
              () -> run(bus().recv(accepted, arena().allocate(8)), Result::endRecv));
      assertEquals("ECONNRESET", reset.errnoName());
      closeAll(accepted);
    }
    closeAll(server);
  }

  @Test
  default void aResetEndsASendThatWaitsForRoom() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment block = arena().allocate(1 << 20);
    bus().submit(bus().send(ends.get(0), block));
    Result sent = bus().dispatch(20 * SECOND);
    while (sent != null) {
      assertTrue(sent.endSend() > 0);
      bus().done(sent);
      bus().submit(bus().send(ends.get(0), block));
      sent = bus().dispatch(SECOND / 20);
    }
    Handle close = bus().close(ends.get(1));
    bus().submit(close);
    BusException reset = null;
    boolean closed = false;
    while (reset == null || !closed) {
      Result result = dispatched();
      boolean again = false;
      if (result.handle().equals(close)) {
        result.endClose();
        closed = true;
      } else if (result.isFailure()) {
        reset = assertThrows(BusException.class, result::endSend);
      } else {
        again = true; // Room came late, and this send did not wait.
      }
      bus().done(result);
      if (again) {
        bus().submit(bus().send(ends.get(0), block));
      }
    }
    assertTrue(List.of("EPIPE", "ECONNRESET").contains(reset.errnoName()), reset::toString);
    closeAll(ends.get(0), server);
  }
}
