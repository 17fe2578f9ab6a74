package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// On Linux against the library of the system property `dev.iobus.kqueue.library`.
final class KqueueNetworkTest extends ReadinessNetworkContract {

  @BeforeAll
  static void needsKqueue() {
    KqueueBusTest.needs();
  }

  @Override
  public BackendKind kind() {
    return BackendKind.KQUEUE;
  }

  /// libkqueue takes the error from the socket before anybody else sees it.
  @Test
  void aResetIsToldToWhoeverWaits() throws IOException {
    OpenSocket server = listening();
    int port = ((InetSocketAddress) bus.localAddress(server)).getPort();
    for (int round = 0; round < 20; round++) {
      OpenSocket accepted;
      Handle receive;
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        accepted = run(bus.accept(server), Result::endAccept);
        receive = bus.recv(accepted, arena.allocate(8));
        bus.submit(receive);
        assertNull(bus.dispatch(1_000_000));
        client.setSoLinger(true, 0);
      }
      BusException e = assertThrows(BusException.class, () -> next(receive, Result::endRecv));
      assertEquals("ECONNRESET", e.errnoName());
      closeAll(accepted);
    }
    closeAll(server);
  }

  /// The worker that ends the read begins the timeout while the owner sleeps without one.
  @Test
  void aTimeoutThatAWorkerBeginsWakesTheOwner() throws IOException {
    OpenFile file = run(bus.create(directory.resolve("f"), OpenFlag.READ), Result::endOpen);
    Handle never = bus.timeout(Duration.ofHours(1));
    bus.submit(never);
    for (int round = 0; round < 20; round++) {
      Handle read = bus.read(file, arena.allocate(8), 0);
      Handle timeout = bus.timeout(Duration.ofMillis(2));
      bus.serialize(read, timeout);
      bus.submit();
      assertEquals(-1, next(read, Result::endRead));
      next(
          timeout,
          r -> {
            r.endTimeout();
            return 0;
          });
    }
    ran(bus.close(file));
  }

  @Test
  void whatKqueueLacksIsSaid() throws IOException {
    assertTold("use newPool", () -> bus.newIncrementalPool(2, 16));
    assertTold("let others post", bus::busFile);
    OpenSocket socket = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    assertThrows(
        NotSupportedException.class,
        () -> run(bus.poll(socket, Readiness.ERROR), Result::endPoll));
    closeAll(socket);
  }
}
