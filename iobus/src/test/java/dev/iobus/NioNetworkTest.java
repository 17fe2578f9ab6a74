package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NioNetworkTest extends ReadinessNetworkContract {

  @Override
  public BackendKind kind() {
    return BackendKind.NIO;
  }

  @Test
  void anInterruptOfTheOwnerClosesNoSocket() throws IOException {
    OpenSocket server = listening();
    Thread.currentThread().interrupt();
    List<OpenSocket> ends = connected(server);
    OpenSocket one = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    ran(bus.bind(one, loopback(0)));
    SocketAddress to = bus.localAddress(one);
    MemorySegment into = arena.allocate(10);
    Handle receive = bus.recv(ends.get(1), into);
    bus.submit(receive);
    try (Bus other = open(4)) {
      other.submit(other.send(ends.get(0), bytes("x")));
      other.done(other.dispatch());
    }
    assertEquals(1, next(receive, Result::endRecv));
    assertEquals(1, run(bus.sendMessage(one, to, bytes("y")), Result::endSendMessage));
    assertEquals(1, run(bus.recvMessage(one, into), Result::endRecvMessage).length());
    assertTrue(Thread.interrupted());
    run(bus.send(ends.get(0), bytes("z")), Result::endSend);
    assertEquals(1, run(bus.recv(ends.get(1), into), Result::endRecv));
    closeAll(one, ends.get(0), ends.get(1), server);
  }

  @Test
  void aSocketConnectsAfterARefusal() throws IOException {
    OpenSocket gone = listening();
    SocketAddress nobody = bus.localAddress(gone);
    closeAll(gone);
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    assertThrows(BusException.class, () -> ran(bus.connect(client, nobody)));
    OpenSocket server = listening();
    ran(bus.connect(client, bus.localAddress(server)));
    OpenSocket accepted = run(bus.accept(server), Result::endAccept);
    assertEquals(1, run(bus.send(client, bytes("x")), Result::endSend));
    closeAll(client, accepted, server);
  }

  @Test
  void whatNioLacksIsSaid() throws IOException {
    assertThrows(
        NotSupportedException.class,
        () ->
            run(
                bus.socket(StandardProtocolFamily.UNIX, SocketType.DATAGRAM), Result::endSocket));
    assertTold("use newPool", () -> bus.newIncrementalPool(2, 16));
    assertTold("let others post", bus::busFile);
    OpenFile file = run(bus.create(directory.resolve("file")), Result::endOpen);
    assertTrue(
        run(bus.poll(file, Readiness.READABLE), Result::endPoll).contains(Readiness.READABLE));
    ran(bus.close(file));
  }
}
