package dev.iobus;

import static dev.iobus.BusSteps.twoGibibytes;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// What every bus promises of sockets: addresses, streams, datagrams, options, closes.
interface SocketContract extends OneBus {

  @Test
  default void bytesGoBothWaysOverTcp() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    OpenSocket client = ends.get(0);
    OpenSocket accepted = ends.get(1);
    assertEquals(bus().localAddress(client), bus().remoteAddress(accepted));
    assertEquals(bus().remoteAddress(client), bus().localAddress(accepted));
    MemorySegment into = arena().allocate(100);
    assertEquals(5, run(bus().send(client, bytes("hello")), Result::endSend));
    assertEquals(5, run(bus().recv(accepted, into), Result::endRecv));
    assertEquals("hello", text(into, 5));
    assertEquals(3, run(bus().send(accepted, bytes("you")), Result::endSend));
    assertEquals(3, run(bus().recv(client, into), Result::endRecv));
    assertEquals("you", text(into, 3));
    ran(bus().shutdown(client, SocketSide.OUTPUT));
    assertEquals(-1, run(bus().recv(accepted, into), Result::endRecv));
    closeAll(client, accepted, server);
    assertThrows(IllegalStateException.class, () -> bus().send(client, into));
  }

  /// A handle was taken before the length was looked at, and never given back.
  @Test
  default void aRefusedSendTakesNoHandle() throws IOException {
    OpenSocket socket = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    MemorySegment tooLong = twoGibibytes(arena());
    for (int i = 0; i <= bus().capacity(); i++) {
      assertThrows(IllegalArgumentException.class, () -> bus().send(socket, tooLong));
    }
    closeAll(socket);
  }

  @Test
  default void unixSocketsConnectByPath() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory().resolve("socket"));
    OpenSocket server = listening(StandardProtocolFamily.UNIX, address);
    assertEquals(address, bus().localAddress(server));
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(100);
    assertEquals(4L, (long) run(bus().sendFully(ends.get(0), bytes("unix")), Result::endSendFully));
    assertEquals(
        4L, (long) run(bus().recvFully(ends.get(1), into.asSlice(0, 4)), Result::endRecvFully));
    assertEquals("unix", text(into, 4));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void ipv6SocketsTalkToBothFamilies() throws IOException {
    OpenSocket server =
        listening(
            StandardProtocolFamily.INET6,
            new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 0));
    int port = ((InetSocketAddress) bus().localAddress(server)).getPort();
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    ran(bus().connect(client, loopback(port)));
    OpenSocket accepted = run(bus().accept(server), Result::endAccept);
    InetSocketAddress peer = (InetSocketAddress) bus().remoteAddress(accepted);
    assertEquals(((InetSocketAddress) bus().localAddress(client)).getPort(), peer.getPort());
    closeAll(client, accepted, server);
  }

  @Test
  default void ipv6StreamsAndDatagrams() throws IOException {
    InetAddress six = sixLoopback();
    OpenSocket one = newSocket(StandardProtocolFamily.INET6, SocketType.DATAGRAM);
    try {
      ran(bus().bind(one, new InetSocketAddress(six, 0)));
    } catch (BusException e) {
      closeAll(one);
      Assumptions.abort("no IPv6 on this host: " + e.getMessage());
    }
    OpenSocket server =
        listening(StandardProtocolFamily.INET6, new InetSocketAddress(six, 0));
    List<OpenSocket> ends = connected(server);
    assertEquals(six, ((InetSocketAddress) bus().remoteAddress(ends.get(0))).getAddress());
    assertEquals(bus().localAddress(ends.get(0)), bus().remoteAddress(ends.get(1)));
    assertEquals(3, run(bus().send(ends.get(0), bytes("six")), Result::endSend));
    MemorySegment into = arena().allocate(3);
    assertEquals(3L, (long) run(bus().recvFully(ends.get(1), into), Result::endRecvFully));
    assertEquals("six", text(into, 3));
    OpenSocket two = newSocket(StandardProtocolFamily.INET6, SocketType.DATAGRAM);
    ran(bus().bind(two, new InetSocketAddress(six, 0)));
    run(bus().sendMessage(two, bus().localAddress(one), bytes("6")), Result::endSendMessage);
    assertEquals(
        bus().localAddress(two), run(bus().recvMessage(one, into), Result::endRecvMessage).sender());
    closeAll(one, two, ends.get(0), ends.get(1), server);
  }

  @Test
  default void datagramsKeepTheirBoundsAndTellTheSender() throws IOException {
    OpenSocket one = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    OpenSocket two = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    ran(bus().bind(one, loopback(0)));
    ran(bus().bind(two, loopback(0)));
    SocketAddress to = bus().localAddress(two);
    assertEquals(
        10,
        run(bus().sendMessage(one, to, bytes("first"), bytes("-part")), Result::endSendMessage));
    assertEquals(4, run(bus().sendMessage(one, to, bytes("next")), Result::endSendMessage));
    MemorySegment head = arena().allocate(7);
    MemorySegment tail = arena().allocate(100);
    ReceivedMessage first = run(bus().recvMessage(two, head, tail), Result::endRecvMessage);
    assertEquals(10, first.length());
    assertEquals(bus().localAddress(one), first.sender());
    assertFalse(first.truncated());
    assertEquals("first-p" + "art", text(head, 7) + text(tail, 3));
    MemorySegment small = arena().allocate(2);
    ReceivedMessage second = run(bus().recvMessage(two, small), Result::endRecvMessage);
    assertEquals(2, second.length());
    assertTrue(second.truncated());
    closeAll(one, two);
  }

  /// A connected datagram socket has one peer: sends need no address, and others are not heard.
  @Test
  default void aConnectedDatagramSocketTalksToItsPeerAlone() throws IOException {
    OpenSocket one = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    OpenSocket two = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    OpenSocket other = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    ran(bus().bind(one, loopback(0)));
    ran(bus().bind(two, loopback(0)));
    ran(bus().bind(other, loopback(0)));
    ran(bus().connect(one, bus().localAddress(two)));
    ran(bus().connect(two, bus().localAddress(one)));
    assertEquals(bus().localAddress(two), bus().remoteAddress(one));
    MemorySegment into = arena().allocate(20);
    assertEquals(3, run(bus().send(one, bytes("one")), Result::endSend));
    assertEquals(3, run(bus().recv(two, into), Result::endRecv));
    assertEquals("one", text(into, 3));
    assertEquals(5, run(bus().sendMessage(two, bytes("mes"), bytes("s.")), Result::endSendMessage));
    assertEquals(5, run(bus().recvMessage(one, into), Result::endRecvMessage).length());
    run(bus().sendMessage(other, bus().localAddress(two), bytes("other")), Result::endSendMessage);
    assertEquals(4, run(bus().send(one, bytes("true")), Result::endSend));
    assertEquals(4, run(bus().recv(two, into), Result::endRecv));
    assertEquals("true", text(into, 4));
    closeAll(one, two, other);
  }

  @Test
  default void datagramsOfFamilyUnixGoByPathOrAreRefused() throws IOException {
    OpenSocket one;
    try {
      one = newSocket(StandardProtocolFamily.UNIX, SocketType.DATAGRAM);
    } catch (NotSupportedException e) {
      assertEquals("socket", e.operation());
      return;
    }
    OpenSocket two = newSocket(StandardProtocolFamily.UNIX, SocketType.DATAGRAM);
    SocketAddress first = UnixDomainSocketAddress.of(directory().resolve("one"));
    SocketAddress second = UnixDomainSocketAddress.of(directory().resolve("two"));
    ran(bus().bind(one, first));
    ran(bus().bind(two, second));
    assertEquals(4, run(bus().sendMessage(one, second, bytes("unix")), Result::endSendMessage));
    MemorySegment into = arena().allocate(10);
    ReceivedMessage message = run(bus().recvMessage(two, into), Result::endRecvMessage);
    assertEquals(4, message.length());
    assertEquals(first, message.sender());
    closeAll(one, two);
  }

  @Test
  default void eachSideOfAConnectionEndsByItself() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena().allocate(10);
    ran(bus().shutdown(ends.get(0), SocketSide.INPUT));
    assertEquals(-1, run(bus().recv(ends.get(0), into), Result::endRecv));
    assertEquals(3, run(bus().send(ends.get(0), bytes("out")), Result::endSend));
    assertEquals(3, run(bus().recv(ends.get(1), into), Result::endRecv));
    ran(bus().shutdown(ends.get(0), SocketSide.BOTH));
    assertEquals(-1, run(bus().recv(ends.get(1), into), Result::endRecv));
    BusException closed =
        assertThrows(
            BusException.class, () -> run(bus().send(ends.get(0), bytes("no")), Result::endSend));
    assertEquals("EPIPE", closed.errnoName());
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  default void acceptManyTellsEachConnectionUntilItIsCancelled() throws IOException {
    OpenSocket server = listening();
    Handle accept = bus().acceptMany(server);
    bus().submit(accept);
    Set<SocketAddress> clients = new HashSet<>();
    List<OpenSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
      Handle connect = bus().connect(client, bus().localAddress(server));
      bus().submit(connect);
      for (int results = 0; results < 2; results++) {
        Result result = dispatched();
        if (result.handle().equals(accept)) {
          assertTrue(result.hasMore());
          sockets.add(result.endAccept());
        } else {
          result.endConnect();
          clients.add(bus().localAddress(client));
        }
        bus().done(result);
      }
      sockets.add(client);
    }
    Set<SocketAddress> peers = new HashSet<>();
    for (int i = 0; i < sockets.size(); i += 2) {
      peers.add(bus().remoteAddress(sockets.get(i)));
    }
    assertEquals(clients, peers);
    Handle cancel = bus().cancel(accept);
    bus().submit(cancel);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertFalse(result.hasMore());
      if (result.handle().equals(accept)) {
        assertThrows(CancelledException.class, result::endAccept);
      } else {
        assertTrue(result.endCancel());
      }
      bus().done(result);
    }
    sockets.add(server);
    closeAll(sockets.toArray(OpenSocket[]::new));
  }

  /// The peer's address of one of many connections is asked for when its result is ended. One that
  /// was reset by then has none any more, which is said and no other's address given in its place.
  @Test
  default void aPeerThatHasGoneHasItsAddressOrNone() throws IOException {
    Assumptions.assumeTrue(kind() != BackendKind.SIMULATED, "a peer from outside");
    OpenSocket server = listening();
    int port = ((InetSocketAddress) bus().localAddress(server)).getPort();
    Handle accept = bus().acceptMany(server);
    bus().submit(accept);
    for (boolean reset : new boolean[] {false, true, false}) {
      SocketAddress client = comesAndGoes(port, reset);
      Result result = dispatched();
      assertEquals(accept, result.handle());
      assertTrue(result.hasMore());
      OpenSocket accepted = result.endAccept();
      bus().done(result);
      try {
        assertEquals(client, bus().remoteAddress(accepted));
      } catch (BusException e) {
        assertTrue(reset, e::toString);
        assertEquals("ENOTCONN", e.errnoName());
      }
      closeWhile(accept, accepted);
    }
    assertEquals(1, bus().cancelAll(server));
    bus().done(dispatched());
    SocketAddress client = comesAndGoes(port, true);
    OpenSocket accepted = run(bus().accept(server), Result::endAccept);
    assertEquals(client, bus().remoteAddress(accepted), "of one alone it comes with the result");
    closeAll(accepted, server);
  }

  /// Connects from outside, and closes or resets at once. Returns the client's address.
  private static SocketAddress comesAndGoes(int port, boolean resets) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoLinger(resets, 0);
      return socket.getLocalSocketAddress();
    }
  }

  /// Closes a socket while an operation with many results goes on and has none.
  private void closeWhile(Handle many, OpenSocket socket) throws IOException {
    Handle close = bus().close(socket);
    bus().submit(close);
    Result result = dispatched();
    assertFalse(result.handle().equals(many), result::toString);
    assertEquals(close, result.handle());
    result.endClose();
    bus().done(result);
  }

  @Test
  default void aSocketThatNobodyAsksForIsClosed() throws IOException {
    OpenSocket server = listening();
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    ran(bus().connect(client, bus().localAddress(server)));
    run(bus().accept(server), result -> 0);
    MemorySegment into = arena().allocate(1);
    assertEquals(-1, run(bus().recv(client, into), Result::endRecv));
    closeAll(client, server);
  }

  /// Of two connections that were told and of which none was done, the second one's socket was
  /// closed in the place of the first, and the caller got a number that meant nothing.
  @Test
  default void anAcceptThatNobodyTookIsClosedAndTheNextIsNot() throws IOException {
    OpenSocket server = listening();
    Handle accept = bus().acceptMany(server);
    bus().submit(accept);
    List<OpenSocket> clients = new ArrayList<>();
    OpenSocket second = null;
    for (int i = 0; i < 2; i++) {
      OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
      clients.add(client);
      bus().submit(bus().connect(client, bus().localAddress(server)));
      for (int results = 0; results < 2; results++) {
        Result result = dispatched();
        if (!result.handle().equals(accept)) {
          result.endConnect();
          bus().done(result);
        } else if (i == 1) {
          second = result.endAccept();
        }
      }
    }
    MemorySegment memory = arena().allocate(8);
    assertEquals(-1, run(bus().recv(clients.get(0), memory), Result::endRecv));
    assertEquals(2, run(bus().send(requireNonNull(second), bytes("hi")), Result::endSend));
    assertEquals(2, run(bus().recv(clients.get(1), memory), Result::endRecv));
    assertEquals("hi", text(memory, 2));
    bus().submit(bus().cancel(accept));
    for (int i = 0; i < 2; i++) {
      bus().done(dispatched());
    }
    closeAll(clients.get(0), clients.get(1), second, server);
  }

  @Test
  default void nobodyListensIsAnErrorThatSaysSo() throws IOException {
    OpenSocket server = listening();
    SocketAddress address = bus().localAddress(server);
    closeAll(server);
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    BusException e =
        assertThrows(BusException.class, () -> run(bus().connect(client, address), r -> {
          r.endConnect();
          return 0;
        }));
    assertEquals("ECONNREFUSED", e.errnoName());
    closeAll(client);
  }

  @Test
  default void addressesThatDoNotFitAreRefusedByName() throws IOException {
    OpenSocket inet = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    UnixDomainSocketAddress unix = UnixDomainSocketAddress.of("/tmp/x");
    assertThrows(IllegalArgumentException.class, () -> bus().connect(inet, unix));
    assertThrows(
        IllegalArgumentException.class,
        () -> bus().connect(inet, InetSocketAddress.createUnresolved("nowhere", 1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> bus().connect(inet, new InetSocketAddress(sixLoopback(), 1)));
    assertThrows(IllegalArgumentException.class, () -> bus().listen(inet, 0));
    OpenSocket local = newSocket(StandardProtocolFamily.UNIX, SocketType.STREAM);
    assertThrows(
        IllegalArgumentException.class,
        () -> bus().bind(local, UnixDomainSocketAddress.of("/" + "x".repeat(200))));
    closeAll(inet, local);
    assertEquals(0, bus().inFlight());
  }

  @Test
  default void optionsAreSetAndRead() throws IOException {
    OpenSocket socket = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    assertFalse(bus().option(socket, StandardSocketOptions.TCP_NODELAY));
    bus().setOption(socket, StandardSocketOptions.TCP_NODELAY, true);
    bus().setOption(socket, StandardSocketOptions.SO_REUSEADDR, true);
    bus().setOption(socket, StandardSocketOptions.SO_RCVBUF, 65_536);
    assertTrue(bus().option(socket, StandardSocketOptions.TCP_NODELAY));
    assertTrue(bus().option(socket, StandardSocketOptions.SO_RCVBUF) >= 65_536);
    assertThrows(
        BusException.class,
        () -> bus().setOption(socket, StandardSocketOptions.IP_MULTICAST_TTL, 1));
    closeAll(socket);
  }

  @Test
  default void anAddressThatIsTakenIsRefused() throws IOException {
    OpenSocket server = listening();
    OpenSocket second = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    BusException e =
        assertThrows(BusException.class, () -> run(bus().bind(second, bus().localAddress(server)), r -> {
          r.endBind();
          return 0;
        }));
    assertEquals("EADDRINUSE", e.errnoName());
    closeAll(second, server);
  }

  @Test
  default void closingTheBusEndsWhatWaits() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool = bus().newPool(4, 64);
    bus().submit(bus().acceptMany(server), bus().recvMany(ends.get(1), pool));
    bus().submit(bus().recv(ends.get(0), arena().allocate(8)), bus().timeout(Duration.ofHours(1)));
    bus().submit(bus().inbox(), bus().pollMany(ends.get(0), Readiness.READABLE));
    bus().close();
    assertThrows(IllegalStateException.class, () -> bus().post(1));
  }

  @Test
  default void aCloseWaitsForAFullTransferAndCanBeCancelled() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    Handle receive = bus().recvFully(ends.get(1), arena().allocate(8));
    Handle close = bus().close(ends.get(1));
    bus().submit(receive);
    bus().submit(close);
    assertEquals(null, bus().dispatch(1_000_000));
    Handle cancel = bus().cancel(close);
    bus().submit(cancel);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertEquals(result.handle().equals(close), result.isFailure());
      bus().done(result);
    }
    assertFalse(ends.get(1).isClosed());
    Handle again = bus().close(ends.get(1));
    bus().submit(again);
    bus().submit(bus().send(ends.get(0), bytes("eight by")));
    List<Handle> order = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      order.add(result.handle());
      bus().done(result);
    }
    assertEquals(again, order.getLast());
    closeAll(ends.get(0), server);
  }

  private static InetAddress sixLoopback() throws UnknownHostException {
    byte[] address = new byte[16];
    address[15] = 1;
    return InetAddress.getByAddress(address);
  }
}
