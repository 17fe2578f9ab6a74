package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SocketType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One bus on a simulated host, and what tests of sockets do with it.
///
/// Confined to the root task.
final class Loopback {

  static final long SECOND = 1_000_000_000L;
  static final Path DIRECTORY = Path.of("/sockets");

  final SimScheduler scheduler;
  final Bus bus;
  final Arena arena;

  /// What is asked of a result, whose view ends with it.
  interface End<T> {
    T of(Result result) throws IOException;
  }

  interface Body {
    void run(Loopback host) throws IOException;
  }

  private Loopback(SimScheduler scheduler, Bus bus, Arena arena) {
    this.scheduler = scheduler;
    this.bus = bus;
    this.arena = arena;
  }

  /// Runs a body as the root task, on a bus of 64 operations. Nothing may be left.
  static SimScheduler run(long seed, Faults faults, Body body) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    SimScheduler scheduler = new SimScheduler(seed, disk, faults);
    boolean ended =
        scheduler.run(
            () -> {
              try (Arena arena = Arena.ofShared();
                  Bus bus =
                      Bus.open(
                          BusOptions.defaults().withScheduler(scheduler).withCapacity(64))) {
                body.run(new Loopback(scheduler, bus, arena));
              }
            });
    assertTrue(ended, "power was lost");
    assertEquals(List.of(), scheduler.leftovers());
    return scheduler;
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

  Result dispatched() throws IOException {
    Result result = bus.dispatch(60 * SECOND);
    if (result == null) {
      throw new AssertionError("nothing came");
    }
    return result;
  }

  /// Error number of what must fail, or 0.
  int errno(Handle handle) throws IOException {
    return run(handle, Result::errno);
  }

  void ran(Handle handle) throws IOException {
    assertEquals(0, errno(handle), handle::toString);
  }

  OpenSocket socket(SocketType type) throws IOException {
    return run(bus.socket(StandardProtocolFamily.INET, type), Result::endSocket);
  }

  static SocketAddress port(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  OpenSocket listening(int port, int backlog) throws IOException {
    OpenSocket server = socket(SocketType.STREAM);
    ran(bus.bind(server, port(port)));
    ran(bus.listen(server, backlog));
    return server;
  }

  /// A socket for datagrams.
  OpenSocket bound(int port) throws IOException {
    OpenSocket socket = socket(SocketType.DATAGRAM);
    ran(bus.bind(socket, port(port)));
    return socket;
  }

  /// A connection to port 4000 that nobody else listens on any more.
  Connection connect() throws IOException {
    OpenSocket server = listening(4000, 1);
    OpenSocket client = socket(SocketType.STREAM);
    ran(bus.connect(client, port(4000)));
    OpenSocket accepted = run(bus.accept(server), Result::endAccept);
    ran(bus.close(server));
    return new Connection(client, accepted);
  }

  /// Both ends of a connection.
  record Connection(OpenSocket client, OpenSocket accepted) {}

  void close(OpenSocket... sockets) throws IOException {
    for (OpenSocket socket : sockets) {
      ran(bus.close(socket));
    }
  }

  MemorySegment bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  /// Receives what comes next, up to 100 bytes; null at the end.
  @Nullable String received(OpenSocket socket) throws IOException {
    MemorySegment into = arena.allocate(100);
    int count = run(bus.recv(socket, into), Result::endRecv);
    return count < 0 ? null : text(into.asSlice(0, count));
  }

  static String text(MemorySegment memory) {
    return new String(memory.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
  }
}
