package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every bus promises of sockets, readiness and time, whatever it stands on.
@Timeout(60)
abstract class NetworkContract {

  static final long SECOND = 1_000_000_000L;
  private static final byte[] SIX_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  @TempDir Path directory;
  Bus bus;
  Arena arena;

  abstract BackendKind kind();

  Bus open(int capacity) throws IOException {
    return Bus.open(BusOptions.defaults().withBackend(kind()).withCapacity(capacity));
  }

  /// The clock that timeouts are kept on.
  long nanoTime() {
    return System.nanoTime();
  }

  /// Whether a zero-copy send tells by itself when the memory is free.
  boolean sendsWithoutCopy() {
    return kind() == BackendKind.IO_URING;
  }

  /// Waits for something that runs beside the test.
  @FunctionalInterface
  interface Running {
    void join() throws InterruptedException;
  }

  /// Runs something beside the test.
  Running start(Runnable body) {
    return Thread.ofPlatform().start(body)::join;
  }

  @BeforeEach
  void openBus() throws IOException {
    bus = open(64);
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeBus() {
    bus.close();
    arena.close();
  }

  /// What is asked of a result, whose view ends with it.
  @FunctionalInterface
  interface End<T> {
    T of(Result result) throws IOException;
  }

  <T> T run(Handle handle, End<T> end) throws IOException {
    bus.submit(handle);
    return next(handle, end);
  }

  <T> T next(Handle handle, End<T> end) throws IOException {
    Result result = dispatched();
    assertEquals(handle, result.handle());
    try {
      return end.of(result);
    } finally {
      bus.done(result);
    }
  }

  /// The next result, which must come: a wait without an end would hold up more than this test.
  Result dispatched() throws IOException {
    Result result = bus.dispatch(20 * SECOND);
    if (result == null) {
      throw new AssertionError("nothing came");
    }
    return result;
  }

  void ran(Handle handle) throws IOException {
    run(
        handle,
        result -> {
          if (result.isFailure()) {
            throw BusException.of(
                handle.operation(), "", -result.errno(), null);
          }
          return 0;
        });
  }

  MemorySegment bytes(String text) {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    MemorySegment memory = arena.allocate(Math.max(1, bytes.length));
    return memory.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  static String text(MemorySegment memory, long length) {
    return new String(
        memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE),
        java.nio.charset.StandardCharsets.US_ASCII);
  }

  static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  OpenSocket newSocket(StandardProtocolFamily family, SocketType type) throws IOException {
    return run(bus.socket(family, type), Result::endSocket);
  }

  OpenSocket listening(StandardProtocolFamily family, SocketAddress address) throws IOException {
    OpenSocket socket = newSocket(family, SocketType.STREAM);
    ran(bus.bind(socket, address));
    ran(bus.listen(socket, 128));
    return socket;
  }

  OpenSocket listening() throws IOException {
    return listening(StandardProtocolFamily.INET, loopback(0));
  }

  /// Two ends of a connection, the accepted one last.
  List<OpenSocket> connected(OpenSocket server) throws IOException {
    OpenSocket client =
        newSocket((StandardProtocolFamily) server.family(), SocketType.STREAM);
    Handle accept = bus.accept(server);
    Handle connect = bus.connect(client, bus.localAddress(server));
    bus.submit(accept, connect);
    OpenSocket accepted = null;
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(accept)) {
        accepted = result.endAccept();
      } else {
        result.endConnect();
      }
      bus.done(result);
    }
    return List.of(client, accepted);
  }

  void closeAll(OpenSocket... sockets) throws IOException {
    for (OpenSocket socket : sockets) {
      ran(bus.close(socket));
      assertTrue(socket.isClosed());
    }
  }

  @Test
  void bytesGoBothWaysOverTcp() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    OpenSocket client = ends.get(0);
    OpenSocket accepted = ends.get(1);
    assertEquals(bus.localAddress(client), bus.remoteAddress(accepted));
    assertEquals(bus.remoteAddress(client), bus.localAddress(accepted));
    MemorySegment into = arena.allocate(100);
    assertEquals(5, run(bus.send(client, bytes("hello")), Result::endSend));
    assertEquals(5, run(bus.recv(accepted, into), Result::endRecv));
    assertEquals("hello", text(into, 5));
    assertEquals(3, run(bus.send(accepted, bytes("you")), Result::endSend));
    assertEquals(3, run(bus.recv(client, into), Result::endRecv));
    assertEquals("you", text(into, 3));
    ran(bus.shutdown(client, SocketSide.OUTPUT));
    assertEquals(-1, run(bus.recv(accepted, into), Result::endRecv));
    closeAll(client, accepted, server);
    assertThrows(IllegalStateException.class, () -> bus.send(client, into));
  }

  /// A handle was taken before the length was looked at, and never given back.
  @Test
  void aRefusedSendTakesNoHandle() throws IOException {
    OpenSocket socket = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    MemorySegment tooLong = MemorySegment.NULL.reinterpret(1L << 31);
    for (int i = 0; i <= bus.capacity(); i++) {
      assertThrows(IllegalArgumentException.class, () -> bus.send(socket, tooLong));
    }
    closeAll(socket);
  }

  @Test
  void unixSocketsConnectByPath() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
    OpenSocket server = listening(StandardProtocolFamily.UNIX, address);
    assertEquals(address, bus.localAddress(server));
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(100);
    assertEquals(4L, (long) run(bus.sendFully(ends.get(0), bytes("unix")), Result::endSendFully));
    assertEquals(
        4L, (long) run(bus.recvFully(ends.get(1), into.asSlice(0, 4)), Result::endRecvFully));
    assertEquals("unix", text(into, 4));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void ipv6SocketsTalkToBothFamilies() throws IOException {
    OpenSocket server =
        listening(StandardProtocolFamily.INET6, new InetSocketAddress(InetAddress.getByAddress(new byte[16]), 0));
    int port = ((InetSocketAddress) bus.localAddress(server)).getPort();
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    ran(bus.connect(client, loopback(port)));
    OpenSocket accepted = run(bus.accept(server), Result::endAccept);
    InetSocketAddress peer = (InetSocketAddress) bus.remoteAddress(accepted);
    assertEquals(((InetSocketAddress) bus.localAddress(client)).getPort(), peer.getPort());
    closeAll(client, accepted, server);
  }

  @Test
  void ipv6StreamsAndDatagrams() throws IOException {
    InetAddress six = InetAddress.getByAddress(SIX_LOOPBACK);
    OpenSocket one = newSocket(StandardProtocolFamily.INET6, SocketType.DATAGRAM);
    try {
      ran(bus.bind(one, new InetSocketAddress(six, 0)));
    } catch (BusException e) {
      closeAll(one);
      Assumptions.abort("no IPv6 on this host: " + e.getMessage());
    }
    OpenSocket server =
        listening(StandardProtocolFamily.INET6, new InetSocketAddress(six, 0));
    List<OpenSocket> ends = connected(server);
    assertEquals(six, ((InetSocketAddress) bus.remoteAddress(ends.get(0))).getAddress());
    assertEquals(bus.localAddress(ends.get(0)), bus.remoteAddress(ends.get(1)));
    assertEquals(3, run(bus.send(ends.get(0), bytes("six")), Result::endSend));
    MemorySegment into = arena.allocate(3);
    assertEquals(3L, (long) run(bus.recvFully(ends.get(1), into), Result::endRecvFully));
    assertEquals("six", text(into, 3));
    OpenSocket two = newSocket(StandardProtocolFamily.INET6, SocketType.DATAGRAM);
    ran(bus.bind(two, new InetSocketAddress(six, 0)));
    run(bus.sendMessage(two, bus.localAddress(one), bytes("6")), Result::endSendMessage);
    assertEquals(
        bus.localAddress(two), run(bus.recvMessage(one, into), Result::endRecvMessage).sender());
    closeAll(one, two, ends.get(0), ends.get(1), server);
  }

  @Test
  void datagramsKeepTheirBoundsAndTellTheSender() throws IOException {
    OpenSocket one = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    OpenSocket two = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    ran(bus.bind(one, loopback(0)));
    ran(bus.bind(two, loopback(0)));
    SocketAddress to = bus.localAddress(two);
    assertEquals(
        10,
        run(bus.sendMessage(one, to, bytes("first"), bytes("-part")), Result::endSendMessage));
    assertEquals(4, run(bus.sendMessage(one, to, bytes("next")), Result::endSendMessage));
    MemorySegment head = arena.allocate(7);
    MemorySegment tail = arena.allocate(100);
    ReceivedMessage first = run(bus.recvMessage(two, head, tail), Result::endRecvMessage);
    assertEquals(10, first.length());
    assertEquals(bus.localAddress(one), first.sender());
    assertFalse(first.truncated());
    assertEquals("first-p" + "art", text(head, 7) + text(tail, 3));
    MemorySegment small = arena.allocate(2);
    ReceivedMessage second = run(bus.recvMessage(two, small), Result::endRecvMessage);
    assertEquals(2, second.length());
    assertTrue(second.truncated());
    closeAll(one, two);
  }

  @Test
  void acceptManyTellsEachConnectionUntilItIsCancelled() throws IOException {
    OpenSocket server = listening();
    Handle accept = bus.acceptMany(server);
    bus.submit(accept);
    Set<SocketAddress> clients = new HashSet<>();
    List<OpenSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
      Handle connect = bus.connect(client, bus.localAddress(server));
      bus.submit(connect);
      for (int results = 0; results < 2; results++) {
        Result result = dispatched();
        if (result.handle().equals(accept)) {
          assertTrue(result.hasMore());
          sockets.add(result.endAccept());
        } else {
          result.endConnect();
          clients.add(bus.localAddress(client));
        }
        bus.done(result);
      }
      sockets.add(client);
    }
    Set<SocketAddress> peers = new HashSet<>();
    for (int i = 0; i < sockets.size(); i += 2) {
      peers.add(bus.remoteAddress(sockets.get(i)));
    }
    assertEquals(clients, peers);
    Handle cancel = bus.cancel(accept);
    bus.submit(cancel);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertFalse(result.hasMore());
      if (result.handle().equals(accept)) {
        assertThrows(CancelledException.class, result::endAccept);
      } else {
        assertTrue(result.endCancel());
      }
      bus.done(result);
    }
    sockets.add(server);
    closeAll(sockets.toArray(OpenSocket[]::new));
  }

  /// Of two connections that were told and of which none was done, the second one's socket was
  /// closed in the place of the first, and the caller got a number that meant nothing.
  @Test
  void anAcceptThatNobodyTookIsClosedAndTheNextIsNot() throws IOException {
    OpenSocket server = listening();
    Handle accept = bus.acceptMany(server);
    bus.submit(accept);
    List<OpenSocket> clients = new ArrayList<>();
    OpenSocket second = null;
    for (int i = 0; i < 2; i++) {
      OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
      clients.add(client);
      bus.submit(bus.connect(client, bus.localAddress(server)));
      for (int results = 0; results < 2; results++) {
        Result result = dispatched();
        if (!result.handle().equals(accept)) {
          result.endConnect();
          bus.done(result);
        } else if (i == 1) {
          second = result.endAccept();
        }
      }
    }
    MemorySegment memory = arena.allocate(8);
    assertEquals(-1, run(bus.recv(clients.get(0), memory), Result::endRecv));
    assertEquals(2, run(bus.send(requireNonNull(second), bytes("hi")), Result::endSend));
    assertEquals(2, run(bus.recv(clients.get(1), memory), Result::endRecv));
    assertEquals("hi", text(memory, 2));
    bus.submit(bus.cancel(accept));
    for (int i = 0; i < 2; i++) {
      bus.done(dispatched());
    }
    closeAll(clients.get(0), clients.get(1), second, server);
  }

  @Test
  void aPoolServesManyReceivesAndItsEndIsTold() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool = bus.newPool(2, 1000);
    Handle receive = bus.recvMany(ends.get(1), pool);
    bus.submit(receive);
    List<PoolBuffer> kept = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Handle send = bus.send(ends.get(0), bytes("message " + i));
      bus.submit(send);
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
        bus.done(result);
      }
    }
    assertEquals(2, pool.inUse());
    Handle send = bus.send(ends.get(0), bytes("too many"));
    bus.submit(send);
    for (int results = 0; results < 2; results++) {
      Result result = dispatched();
      if (result.handle().equals(receive)) {
        assertFalse(result.hasMore());
        assertThrows(NoBuffersException.class, result::endRecv);
        assertThrows(IllegalStateException.class, result::buffer);
      }
      bus.done(result);
    }
    assertEquals("message 0", text(kept.get(0).memory(), 9));
    assertThrows(IllegalStateException.class, pool::close);
    pool.release(kept.get(0));
    assertThrows(IllegalStateException.class, () -> pool.release(kept.get(0)));
    // Nothing was lost, and the buffer serves again.
    assertEquals(
        "too many",
        run(
            bus.recv(ends.get(1), pool),
            result -> text(result.buffer().memory(), result.endRecv())));
    assertEquals(2, pool.inUse());
    pool.release(kept.get(1));
    closeAll(ends.get(0));
    assertEquals(-1, run(bus.recv(ends.get(1), pool), Result::endRecv));
    closeAll(ends.get(1), server);
  }

  @Test
  void aBufferThatNobodyAsksForGoesBackByItself() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    try (BufferPool pool = bus.newPool(1, 100)) {
      for (int i = 0; i < 10; i++) {
        run(bus.send(ends.get(0), bytes("x")), Result::endSend);
        assertEquals(1, run(bus.recv(ends.get(1), pool), Result::endRecv));
      }
      assertEquals(0, pool.inUse());
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void aSocketThatNobodyAsksForIsClosed() throws IOException {
    OpenSocket server = listening();
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    ran(bus.connect(client, bus.localAddress(server)));
    run(bus.accept(server), result -> 0);
    MemorySegment into = arena.allocate(1);
    assertEquals(-1, run(bus.recv(client, into), Result::endRecv));
    closeAll(client, server);
  }

  /// Dispatches all results of a send, which must be of `length` bytes. Returns whether the kernel
  /// told in a result of its own that the memory is the caller's again.
  private boolean sentWithoutCopy(Handle send, int length, End<Integer> end)
      throws IOException {
    bus.submit(send);
    Result result = dispatched();
    assertEquals(send, result.handle());
    assertFalse(result.isNotification());
    assertEquals(length, end.of(result));
    boolean more = result.hasMore();
    bus.done(result);
    if (more) {
      result = dispatched();
      assertEquals(send, result.handle());
      assertTrue(result.isNotification());
      assertFalse(result.hasMore());
      assertEquals(0, end.of(result));
      bus.done(result);
    }
    assertEquals(0, bus.inFlight());
    return more;
  }

  /// Whether a zero-copy send must have two results.
  private boolean tells(String operation) {
    boolean missing = bus.fallbacks().stream().anyMatch(line -> line.contains(" " + operation));
    return sendsWithoutCopy() && !missing;
  }

  @Test
  void zeroCopySendTellsWhenTheMemoryIsFree() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment from = bytes("zero copy");
    boolean told = sentWithoutCopy(bus.sendZeroCopy(ends.get(0), from), 9, Result::endSend);
    assertEquals(tells("SEND_ZC"), told);
    from.fill((byte) 'x'); // It is ours again.
    MemorySegment into = arena.allocate(20);
    assertEquals(9, run(bus.recv(ends.get(1), into), Result::endRecv));
    assertEquals("zero copy", text(into, 9));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void zeroCopyMessagesTellWhenTheirPartsAreFree() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment[] parts = {bytes("made "), bytes("of "), bytes("parts")};
    boolean told =
        sentWithoutCopy(
            bus.sendMessageZeroCopy(ends.get(0), parts), 13, Result::endSendMessage);
    assertEquals(tells("SENDMSG_ZC"), told);
    for (MemorySegment part : parts) {
      part.fill((byte) 'x');
    }
    MemorySegment into = arena.allocate(20);
    assertEquals(13L, (long) run(bus.recvFully(ends.get(1), into.asSlice(0, 13)), Result::endRecvFully));
    assertEquals("made of parts", text(into, 13));
    closeAll(ends.get(0), ends.get(1), server);

    OpenSocket one = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    OpenSocket two = newSocket(StandardProtocolFamily.INET, SocketType.DATAGRAM);
    ran(bus.bind(one, loopback(0)));
    ran(bus.bind(two, loopback(0)));
    SocketAddress to = bus.localAddress(two);
    for (int i = 0; i < 3; i++) {
      MemorySegment[] halves = {bytes("data"), bytes("gram" + i)};
      sentWithoutCopy(bus.sendMessageZeroCopy(one, to, halves), 9, Result::endSendMessage);
      halves[0].fill((byte) 'x');
      ReceivedMessage message = run(bus.recvMessage(two, into), Result::endRecvMessage);
      assertEquals("datagram" + i, text(into, message.length()));
      assertEquals(bus.localAddress(one), message.sender());
    }
    closeAll(one, two);
  }

  @Test
  void unixSocketsCopyWhatIsSentWithoutCopy() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("zero"));
    OpenSocket server = listening(StandardProtocolFamily.UNIX, address);
    List<OpenSocket> ends = connected(server);
    assertFalse(
        sentWithoutCopy(bus.sendZeroCopy(ends.get(0), bytes("one ")), 4, Result::endSend));
    assertFalse(
        sentWithoutCopy(
            bus.sendMessageZeroCopy(ends.get(0), bytes("t"), bytes("wo")),
            3,
            Result::endSendMessage));
    MemorySegment into = arena.allocate(7);
    run(bus.recvFully(ends.get(1), into), Result::endRecvFully);
    assertEquals("one two", text(into, 7));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void nobodyListensIsAnErrorThatSaysSo() throws IOException {
    OpenSocket server = listening();
    SocketAddress address = bus.localAddress(server);
    closeAll(server);
    OpenSocket client = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    BusException e =
        assertThrows(BusException.class, () -> run(bus.connect(client, address), r -> {
          r.endConnect();
          return 0;
        }));
    assertEquals("ECONNREFUSED", e.errnoName());
    closeAll(client);
  }

  @Test
  void addressesThatDoNotFitAreRefusedByName() throws IOException {
    OpenSocket inet = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    UnixDomainSocketAddress unix = UnixDomainSocketAddress.of("/tmp/x");
    assertThrows(IllegalArgumentException.class, () -> bus.connect(inet, unix));
    assertThrows(
        IllegalArgumentException.class,
        () -> bus.connect(inet, InetSocketAddress.createUnresolved("nowhere", 1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> bus.connect(inet, new InetSocketAddress(InetAddress.getByAddress(SIX_LOOPBACK), 1)));
    assertThrows(IllegalArgumentException.class, () -> bus.listen(inet, 0));
    OpenSocket local = newSocket(StandardProtocolFamily.UNIX, SocketType.STREAM);
    assertThrows(
        IllegalArgumentException.class,
        () -> bus.bind(local, UnixDomainSocketAddress.of("/" + "x".repeat(200))));
    closeAll(inet, local);
    assertEquals(0, bus.inFlight());
  }

  @Test
  void optionsAreSetAndRead() throws IOException {
    OpenSocket socket = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    assertFalse(bus.option(socket, StandardSocketOptions.TCP_NODELAY));
    bus.setOption(socket, StandardSocketOptions.TCP_NODELAY, true);
    bus.setOption(socket, StandardSocketOptions.SO_REUSEADDR, true);
    bus.setOption(socket, StandardSocketOptions.SO_RCVBUF, 65_536);
    assertTrue(bus.option(socket, StandardSocketOptions.TCP_NODELAY));
    assertTrue(bus.option(socket, StandardSocketOptions.SO_RCVBUF) >= 65_536);
    assertThrows(
        BusException.class,
        () -> bus.setOption(socket, StandardSocketOptions.IP_MULTICAST_TTL, 1));
    closeAll(socket);
  }

  @Test
  void pollTellsReadiness() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    assertEquals(
        Set.of(Readiness.WRITABLE),
        run(bus.poll(ends.get(0), Readiness.WRITABLE), Result::endPoll));
    Handle poll = bus.poll(ends.get(1), Readiness.READABLE);
    bus.submit(poll);
    assertEquals(null, bus.dispatch(1_000_000));
    Handle send = bus.send(ends.get(0), bytes("x"));
    bus.submit(send);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(poll)) {
        assertEquals(Set.of(Readiness.READABLE), result.endPoll());
      }
      bus.done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void pollManyTellsAgain() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(10);
    Handle poll = bus.pollMany(ends.get(1), Readiness.READABLE);
    bus.submit(poll);
    for (int round = 0; round < 3; round++) {
      bus.submit(bus.send(ends.get(0), bytes("x")));
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
        bus.done(result);
      }
      Handle receive = bus.recv(ends.get(1), into);
      bus.submit(receive);
      boolean received = false;
      while (!received) {
        Result result = dispatched();
        received = result.handle().equals(receive);
        bus.done(result);
      }
    }
    assertEquals(1, bus.cancelAll(ends.get(1)));
    boolean ended = false;
    while (!ended) {
      Result result = dispatched();
      assertEquals(poll, result.handle());
      ended = !result.hasMore();
      bus.done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void timeoutsEndInOrderAndNotTooEarly() throws IOException {
    long start = nanoTime();
    Handle late = bus.timeout(Duration.ofMillis(60));
    Handle early = bus.timeoutAt(start + 20_000_000);
    Handle past = bus.timeoutAt(start - 1);
    bus.submit(late, early, past);
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
  void aTimeoutCanBeCancelled() throws IOException {
    Handle timeout = bus.timeout(Duration.ofHours(1));
    bus.submit(timeout);
    assertEquals(1, bus.cancelAll());
    assertEquals(1, bus.cancelAll());
    assertThrows(
        CancelledException.class,
        () -> next(timeout, r -> {
          r.endTimeout();
          return 0;
        }));
    assertEquals(0, bus.inFlight());
  }

  @Test
  void aDeadlineEndsAnOperationThatWaits() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(10);
    long start = nanoTime();
    Handle receive = bus.recv(ends.get(1), into).deadline(Duration.ofMillis(30));
    bus.submit(receive);
    TimedOutException e =
        assertThrows(TimedOutException.class, () -> next(receive, Result::endRecv));
    assertEquals("ETIME", e.errnoName());
    assertTrue(nanoTime() - start >= 30_000_000);
    // One that ends in time tells nothing of its deadline.
    run(bus.send(ends.get(0), bytes("x")), Result::endSend);
    Handle again = bus.recv(ends.get(1), into).deadline(Duration.ofSeconds(60));
    assertEquals(1, run(again, Result::endRecv));
    assertEquals(null, bus.dispatch(1_000_000));
    assertThrows(
        IllegalStateException.class,
        () -> bus.acceptMany(server).deadline(Duration.ofMillis(1)));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void aDeadlineThatIsKeptChangesNothingForFiles() throws IOException {
    Duration minute = Duration.ofSeconds(60);
    OpenFile file =
        run(
            bus.create(directory.resolve("kept"), OpenFlag.READ).deadline(minute),
            Result::endOpen);
    assertEquals(
        4, run(bus.write(file, bytes("kept"), 0).deadline(minute), Result::endWrite));
    ran(bus.dataSync(file).deadline(minute));
    MemorySegment into = arena.allocate(4);
    Handle read = bus.read(file, into, 0).deadline(minute);
    Handle full = bus.writeFully(file, bytes("more"), 4, WriteFlag.NONE).deadline(minute);
    Handle stat = bus.stat(file).deadline(minute);
    bus.chain(read, stat);
    bus.submit(full);
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure(), result::toString);
      bus.done(result);
    }
    assertEquals("kept", text(into, 4));
    assertEquals(8L, run(bus.stat(file).deadline(minute), Result::endStat).size());
    ran(bus.close(file).deadline(minute));
    ran(bus.nop().deadline(minute));
    assertEquals(0, bus.inFlight());
  }

  @Test
  void aDeadlineInAChainCutsIt() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(4);
    Handle receive = bus.recv(ends.get(1), into).deadline(Duration.ofMillis(20));
    Handle behind = bus.nop();
    bus.chain(receive, behind);
    bus.submit();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(receive)) {
        assertThrows(TimedOutException.class, result::endRecv);
      } else {
        assertThrows(CancelledException.class, result::endNop);
      }
      bus.done(result);
    }
    run(bus.send(ends.get(0), bytes("four")), Result::endSend);
    Handle again = bus.recv(ends.get(1), into).deadline(Duration.ofSeconds(60));
    Handle after = bus.nop();
    bus.chain(again, after);
    bus.submit();
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
  void aDeadlineHoldsForAWholeTransfer() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    run(bus.send(ends.get(0), bytes("half")), Result::endSend);
    Handle receive =
        bus.recvFully(ends.get(1), arena.allocate(8)).deadline(Duration.ofMillis(30));
    bus.submit(receive);
    Result result = dispatched();
    // What has arrived may be told, or that the time is over; never both and never a hang.
    if (result.isFailure()) {
      assertThrows(TimedOutException.class, result::endRecvFully);
    }
    bus.done(result);
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void closingTheBusEndsWhatWaits() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    BufferPool pool = bus.newPool(4, 64);
    bus.submit(bus.acceptMany(server), bus.recvMany(ends.get(1), pool));
    bus.submit(bus.recv(ends.get(0), arena.allocate(8)), bus.timeout(Duration.ofHours(1)));
    bus.submit(bus.inbox(), bus.pollMany(ends.get(0), Readiness.READABLE));
    bus.close();
    assertThrows(IllegalStateException.class, () -> bus.post(1));
  }

  @Test
  void aCloseWaitsForAFullTransferAndCanBeCancelled() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    Handle receive = bus.recvFully(ends.get(1), arena.allocate(8));
    Handle close = bus.close(ends.get(1));
    bus.submit(receive);
    bus.submit(close);
    assertEquals(null, bus.dispatch(1_000_000));
    Handle cancel = bus.cancel(close);
    bus.submit(cancel);
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertEquals(result.handle().equals(close), result.isFailure());
      bus.done(result);
    }
    assertFalse(ends.get(1).isClosed());
    Handle again = bus.close(ends.get(1));
    bus.submit(again);
    bus.submit(bus.send(ends.get(0), bytes("eight by")));
    List<Handle> order = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      order.add(result.handle());
      bus.done(result);
    }
    assertEquals(again, order.getLast());
    closeAll(ends.get(0), server);
  }

  @Test
  void drainRunsAloneAndHoldsBackWhatFollows() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(10);
    Handle receive = bus.recv(ends.get(1), into);
    Handle alone = bus.nop();
    Handle after = bus.nop();
    Handle chained = bus.nop();
    bus.submit(receive);
    bus.drain(alone);
    bus.chain(after, chained);
    bus.submit();
    assertEquals(null, bus.dispatch(10_000_000));
    assertEquals(4, bus.inFlight());
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

  @Test
  void whatIsHeldBackCanBeCancelled() throws IOException {
    Handle timeout = bus.timeout(Duration.ofHours(1));
    bus.submit(timeout);
    Handle alone = bus.nop();
    bus.drain(alone);
    Handle first = bus.nop();
    Handle second = bus.nop();
    bus.chain(first, second);
    bus.submit(bus.cancel(first));
    Set<Handle> cancelled = new HashSet<>();
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      if (result.isFailure()) {
        cancelled.add(result.handle());
      }
      bus.done(result);
    }
    assertEquals(Set.of(first, second), cancelled);
    bus.cancelAll();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertTrue(result.isFailure());
      bus.done(result);
    }
    assertEquals(0, bus.inFlight());
  }

  @Test
  void messagesOfOtherThreadsComeInOrder() throws Exception {
    Handle inbox = bus.inbox();
    bus.submit(inbox);
    Running sender =
        start(
            () -> {
              for (int i = 0; i < 500; i++) {
                bus.post(i);
              }
            });
    for (int i = 0; i < 500; i++) {
      Result result = dispatched();
      assertEquals(inbox, result.handle());
      assertTrue(result.hasMore());
      assertEquals(i, result.endInbox());
      bus.done(result);
    }
    sender.join();
    Handle second = bus.inbox();
    assertThrows(BusException.class, () -> run(second, Result::endInbox));
    bus.submit(bus.cancel(inbox));
    for (int i = 0; i < 2; i++) {
      bus.done(dispatched());
    }
    for (int i = 0; i < 1024; i++) {
      bus.post(i);
    }
    assertThrows(QueueFullException.class, () -> bus.post(0));
    Handle again = bus.inbox();
    bus.submit(again);
    assertEquals(0, next(again, Result::endInbox));
  }

  @Test
  void chainedSendsAreWholeAndAFailureCutsThem() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    MemorySegment into = arena.allocate(100);
    Handle one = bus.send(ends.get(0), bytes("one "));
    Handle two = bus.send(ends.get(0), bytes("two"));
    Handle end = bus.shutdown(ends.get(0), SocketSide.OUTPUT);
    bus.chain(one, two, end);
    bus.submit();
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      bus.done(result);
    }
    assertEquals(7L, (long) run(bus.recvFully(ends.get(1), into), Result::endRecvFully));
    assertEquals("one two", text(into, 7));
    Handle broken = bus.send(ends.get(0), bytes("late"));
    Handle behind = bus.nop();
    bus.chain(broken, behind);
    bus.submit();
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      assertNotEquals(0, result.errno());
      bus.done(result);
    }
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// A message of more than the socket holds is sent in part; in a chain it goes on.
  @Test
  void aMessageInAChainIsWholeOverAStream() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("whole"));
    OpenSocket server = listening(StandardProtocolFamily.UNIX, address);
    List<OpenSocket> ends = connected(server);
    int half = 700_000;
    MemorySegment from = arena.allocate(2L * half, 4);
    Random random = new Random(3);
    for (long i = 0; i < half / 2; i++) {
      from.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt());
    }
    Handle message =
        bus.sendMessage(ends.get(0), from.asSlice(0, half), from.asSlice(half, half));
    Handle end = bus.shutdown(ends.get(0), SocketSide.OUTPUT);
    bus.chain(message, end);
    bus.submit();
    assertEquals(null, bus.dispatch(5_000_000), "nobody has received anything");
    MemorySegment into = arena.allocate(from.byteSize() + 1);
    bus.submit(bus.recvFully(ends.get(1), into));
    for (int i = 0; i < 3; i++) {
      Result result = dispatched();
      if (result.handle().equals(message)) {
        assertEquals(2 * half, result.endSendMessage());
      } else if (result.handle().equals(end)) {
        result.endShutdown();
      } else {
        assertEquals(from.byteSize(), result.endRecvFully());
      }
      bus.done(result);
    }
    assertEquals(-1, from.mismatch(into.asSlice(0, from.byteSize())));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void aChainGoesFromSocketsToFilesAndBack() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    OpenFile file =
        run(bus.create(directory.resolve("log"), OpenFlag.READ), Result::endOpen);
    MemorySegment into = arena.allocate(5);
    Handle receive = bus.recv(ends.get(1), into);
    Handle write = bus.write(file, into, 0);
    Handle answer = bus.send(ends.get(1), bytes("stored"));
    bus.chain(receive, write, answer);
    bus.submit();
    assertEquals(null, bus.dispatch(10_000_000));
    // In two parts that cannot be received as one, and the receive is whole nevertheless.
    assertEquals(3, run(bus.send(ends.get(0), bytes("hel")), Result::endSend));
    assertEquals(null, bus.dispatch(10_000_000));
    bus.submit(bus.send(ends.get(0), bytes("lo")));
    for (int i = 0; i < 4; i++) {
      Result result = dispatched();
      assertFalse(result.isFailure());
      bus.done(result);
    }
    MemorySegment told = arena.allocate(6);
    run(bus.recvFully(ends.get(0), told), Result::endRecvFully);
    assertEquals("stored", text(told, 6));
    MemorySegment read = arena.allocate(10);
    assertEquals(5, run(bus.read(file, read, 0), Result::endRead));
    assertEquals("hello", text(read, 5));
    ran(bus.close(file));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void aRunGoesOnAfterAWaitAndAChainIsCutByItsDeadline() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    Handle timeout = bus.timeout(Duration.ofMillis(5));
    Handle behind = bus.nop();
    bus.serialize(timeout, behind);
    bus.submit();
    next(timeout, r -> {
      r.endTimeout();
      return 0;
    });
    next(behind, r -> {
      r.endNop();
      return 0;
    });
    Handle late = bus.recv(ends.get(1), arena.allocate(4)).deadline(Duration.ofMillis(5));
    Handle cut = bus.nop();
    bus.chain(late, cut);
    bus.submit();
    assertThrows(TimedOutException.class, () -> next(late, Result::endRecv));
    assertThrows(
        CancelledException.class,
        () -> next(cut, r -> {
          r.endNop();
          return 0;
        }));
    closeAll(ends.get(0), ends.get(1), server);
  }

  @Test
  void anAddressThatIsTakenIsRefused() throws IOException {
    OpenSocket server = listening();
    OpenSocket second = newSocket(StandardProtocolFamily.INET, SocketType.STREAM);
    BusException e =
        assertThrows(BusException.class, () -> run(bus.bind(second, bus.localAddress(server)), r -> {
          r.endBind();
          return 0;
        }));
    assertEquals("EADDRINUSE", e.errnoName());
    closeAll(second, server);
  }

  /// One connection of the test below.
  private static final class Echo {
    final OpenSocket client;
    final OpenSocket server;
    final MemorySegment out;
    final MemorySegment in;
    final MemorySegment buffer;
    int rounds;
    int length;
    int got;
    boolean clientClosed;
    @Nullable Handle receive;

    Echo(List<OpenSocket> ends, Arena arena, int rounds) {
      client = ends.get(0);
      server = ends.get(1);
      out = arena.allocate(64);
      in = arena.allocate(64);
      buffer = arena.allocate(64);
      this.rounds = rounds;
    }
  }

  private enum Step { SERVER_RECEIVES, SERVER_SENDS, CLIENT_SENDS, CLIENT_RECEIVES, CLOSES, CANCELS }

  private record Part(Echo echo, Step step) {}

  /// Receives are cancelled and ends are closed at random, also under a receive that waits: every
  /// operation ends once, and no byte is lost or out of order.
  @Test
  void hundredsOfConnectionsEchoWhileSomeAreCancelledAndClosed() throws IOException {
    bus.close();
    bus = open(1024);
    Random random = new Random(7);
    OpenSocket server = listening();
    List<Echo> echoes = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      echoes.add(new Echo(connected(server), arena, 1 + random.nextInt(8)));
    }
    for (Echo echo : echoes) {
      echo.receive = receiveOnServer(echo);
      sendFromClient(echo, random);
    }
    int closes = 0;
    while (closes < 400) {
      Result result = dispatched();
      Part part = (Part) Objects.requireNonNull(result.handle().attachment());
      int count = result.isFailure() ? -result.errno() : 0;
      switch (part.step) {
        case SERVER_RECEIVES, CLIENT_RECEIVES -> count = count < 0 ? count : result.endRecv();
        case SERVER_SENDS, CLIENT_SENDS -> count = count < 0 ? count : result.endSend();
        case CLOSES -> closes++;
        case CANCELS -> {}
      }
      bus.done(result);
      proceed(part.echo, part.step, count, random);
    }
    while (bus.inFlight() > 0) {
      bus.done(dispatched());
    }
    closeAll(server);
  }

  private void proceed(Echo echo, Step step, int count, Random random) throws IOException {
    boolean cancelled = count == -125;
    switch (step) {
      case SERVER_RECEIVES -> {
        echo.receive = null;
        if (cancelled) {
          echo.receive = receiveOnServer(echo);
        } else if (count > 0) {
          enqueue(bus.send(echo.server, echo.buffer.asSlice(0, count)), echo, Step.SERVER_SENDS);
        } else {
          enqueue(bus.close(echo.server), echo, Step.CLOSES);
        }
      }
      case SERVER_SENDS -> echo.receive = receiveOnServer(echo);
      case CLIENT_SENDS -> {
        assertEquals(echo.length, count);
        receiveOnClient(echo);
        if (echo.receive != null && random.nextInt(8) == 0) {
          enqueue(bus.cancel(echo.receive), echo, Step.CANCELS);
        }
        if (random.nextInt(32) == 0) {
          echo.clientClosed = true;
          enqueue(bus.close(echo.client), echo, Step.CLOSES);
        }
      }
      case CLIENT_RECEIVES -> {
        assertTrue(count > 0, () -> "a receive ended with " + count);
        echo.got += count;
        if (echo.clientClosed) {
          return;
        }
        if (echo.got < echo.length) {
          receiveOnClient(echo);
          return;
        }
        assertEquals(-1, echo.out.asSlice(0, echo.length).mismatch(echo.in.asSlice(0, echo.length)));
        if (--echo.rounds > 0) {
          sendFromClient(echo, random);
        } else {
          enqueue(bus.close(echo.client), echo, Step.CLOSES);
        }
      }
      case CLOSES, CANCELS -> {}
    }
  }

  private Handle receiveOnServer(Echo echo) throws IOException {
    return enqueue(bus.recv(echo.server, echo.buffer), echo, Step.SERVER_RECEIVES);
  }

  private void receiveOnClient(Echo echo) throws IOException {
    MemorySegment rest = echo.in.asSlice(echo.got, echo.length - echo.got);
    enqueue(bus.recv(echo.client, rest), echo, Step.CLIENT_RECEIVES);
  }

  private void sendFromClient(Echo echo, Random random) throws IOException {
    echo.got = 0;
    echo.length = 1 + random.nextInt(64);
    for (int i = 0; i < echo.length; i++) {
      echo.out.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
    }
    enqueue(bus.send(echo.client, echo.out.asSlice(0, echo.length)), echo, Step.CLIENT_SENDS);
  }

  private Handle enqueue(Handle handle, Echo echo, Step step) throws IOException {
    handle.attach(new Part(echo, step));
    bus.enqueue(handle);
    return handle;
  }
}
