package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// A bus that is open during one test, with memory and a directory, and what contracts do with it.
interface OneBus extends BusHost {

  /// What is asked of a result, whose view ends with it.
  @FunctionalInterface
  interface End<T> {
    T of(Result result) throws IOException;
  }

  /// Waits for something that runs beside the test.
  @FunctionalInterface
  interface Running {
    void join() throws InterruptedException;
  }

  Bus bus();

  /// Puts another in its place.
  void reopen(int capacity) throws IOException;

  Arena arena();

  /// Whether a zero-copy send tells by itself when the memory is free.
  default boolean sendsWithoutCopy() {
    return kind() == BackendKind.IO_URING;
  }

  /// Runs something beside the test.
  default Running start(Runnable body) {
    return Thread.ofPlatform().start(body)::join;
  }

  default <T> T run(Handle handle, End<T> end) throws IOException {
    bus().submit(handle);
    return next(handle, end);
  }

  default <T> T next(Handle handle, End<T> end) throws IOException {
    Result result = dispatched();
    assertEquals(handle, result.handle());
    try {
      return end.of(result);
    } finally {
      bus().done(result);
    }
  }

  /// The next result, which must come: a wait without an end would hold up more than this test.
  default Result dispatched() throws IOException {
    Result result = bus().dispatch(20 * SECOND);
    if (result == null) {
      throw new AssertionError("nothing came");
    }
    return result;
  }

  default void ran(Handle handle) throws IOException {
    run(
        handle,
        result -> {
          if (result.isFailure()) {
            throw BusException.of(handle.operation(), "", -result.errno(), null);
          }
          return 0;
        });
  }

  default MemorySegment bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment memory = arena().allocate(Math.max(1, bytes.length));
    return memory.asSlice(0, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  default String text(MemorySegment memory, long length) {
    return new String(
        memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
  }

  default InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  default OpenSocket newSocket(StandardProtocolFamily family, SocketType type)
      throws IOException {
    return run(bus().socket(family, type), Result::endSocket);
  }

  default OpenSocket listening(StandardProtocolFamily family, SocketAddress address)
      throws IOException {
    OpenSocket socket = newSocket(family, SocketType.STREAM);
    ran(bus().bind(socket, address));
    ran(bus().listen(socket, 128));
    return socket;
  }

  default OpenSocket listening() throws IOException {
    return listening(StandardProtocolFamily.INET, loopback(0));
  }

  /// Two ends of a connection, the accepted one last.
  default List<OpenSocket> connected(OpenSocket server) throws IOException {
    OpenSocket client =
        newSocket((StandardProtocolFamily) server.family(), SocketType.STREAM);
    Handle accept = bus().accept(server);
    Handle connect = bus().connect(client, bus().localAddress(server));
    bus().submit(accept, connect);
    OpenSocket accepted = null;
    for (int i = 0; i < 2; i++) {
      Result result = dispatched();
      if (result.handle().equals(accept)) {
        accepted = result.endAccept();
      } else {
        result.endConnect();
      }
      bus().done(result);
    }
    return List.of(client, accepted);
  }

  default void closeAll(OpenSocket... sockets) throws IOException {
    for (OpenSocket socket : sockets) {
      ran(bus().close(socket));
      assertTrue(socket.isClosed());
    }
  }
}
