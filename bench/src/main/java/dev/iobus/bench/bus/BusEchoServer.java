package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BufferPool;
import dev.iobus.BusOptions;
import dev.iobus.NoBuffersException;
import dev.iobus.OpenSocket;
import dev.iobus.PoolBuffer;
import dev.iobus.Result;
import dev.iobus.ResultSink;
import dev.iobus.SocketType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// Echoes on one [Bus]: one accept and one receive for each connection that repeat, buffers from a
/// pool. What its thread could not do, [#close()] tells.
final class BusEchoServer implements EchoServer {

  private static final int CONNECTIONS_MAX = 256;
  private static final int BUFFERS = 512;
  private static final int BUFFER_BYTES = 4_096;
  private static final int RESULTS_MAX = 64;

  /// A connection; attached to its receive.
  private record Connection(OpenSocket socket) {}

  /// Attached to what is no receive and, as that has its buffer, no send.
  private enum Step {
    CLOSING
  }

  private final Thread thread;
  private final CompletableFuture<InetSocketAddress> address = new CompletableFuture<>();
  private final CompletableFuture<Bus> opened = new CompletableFuture<>();
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;
  private final String reason;
  private final int port;

  /// @param backend the backend to use; null for the best that this host allows
  BusEchoServer(@Nullable BackendKind backend) throws IOException {
    thread = Thread.ofPlatform().name("bus echo").daemon().start(() -> serve(backend));
    try {
      port = address.get().getPort();
      reason = opened.get().reason();
    } catch (ExecutionException e) {
      throw new IOException("the server could not start", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public String describe() {
    return reason;
  }

  private void serve(@Nullable BackendKind backend) {
    BusOptions options =
        BusOptions.defaults().withCapacity(2 * CONNECTIONS_MAX + BUFFERS).withBackend(backend);
    try (Bus bus = Bus.open(options)) {
      opened.complete(bus);
      OpenSocket listener = listen(bus);
      address.complete((InetSocketAddress) bus.localAddress(listener));
      BufferPool pool = bus.newPool(BUFFERS, BUFFER_BYTES);
      bus.enqueue(bus.acceptMany(listener));
      ResultSink sink = result -> take(bus, pool, result);
      while (!stopped) {
        bus.dispatch(1, RESULTS_MAX, Long.MAX_VALUE, sink);
        Throwable broken = failure;
        if (broken != null) {
          throw broken;
        }
      }
    } catch (Throwable t) {
      failure = t;
      opened.completeExceptionally(t);
      address.completeExceptionally(t);
    }
  }

  private static OpenSocket listen(Bus bus) throws IOException {
    bus.submit(bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
    Result made = bus.dispatch();
    OpenSocket listener = made.endSocket();
    bus.done(made);
    bus.submit(
        bus.bind(listener, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    Result bound = bus.dispatch();
    bound.endBind();
    bus.done(bound);
    bus.submit(bus.listen(listener, CONNECTIONS_MAX));
    Result listening = bus.dispatch();
    listening.endListen();
    bus.done(listening);
    return listener;
  }

  private void take(Bus bus, BufferPool pool, Result result) {
    try {
      switch (result.attachment()) {
        case Connection connection -> received(bus, pool, result, connection);
        case PoolBuffer buffer -> sent(bus, pool, result, buffer);
        case Step _ -> closed(bus, result);
        case null -> accepted(bus, pool, result);
        default -> throw new AssertionError(result);
      }
    } catch (IOException e) {
      failure = e;
    }
  }

  private static void accepted(Bus bus, BufferPool pool, Result result) throws IOException {
    Connection connection = new Connection(result.endAccept());
    bus.done(result);
    receive(bus, pool, connection);
  }

  private static void receive(Bus bus, BufferPool pool, Connection connection)
      throws IOException {
    bus.enqueue(bus.recvMany(connection.socket(), pool).attach(connection));
  }

  /// Sends back what has come. A pool that was empty is waited for by beginning again.
  private static void received(Bus bus, BufferPool pool, Result result, Connection connection)
      throws IOException {
    boolean more = result.hasMore();
    boolean open;
    try {
      open = result.endRecv() > 0;
      if (open) {
        PoolBuffer buffer = result.buffer();
        bus.enqueue(bus.sendFully(connection.socket(), buffer.memory()).attach(buffer));
      }
    } catch (NoBuffersException empty) {
      open = true;
    } finally {
      bus.done(result);
    }
    if (!more && open) {
      receive(bus, pool, connection);
    } else if (!more) {
      bus.enqueue(bus.close(connection.socket()).attach(Step.CLOSING));
    }
  }

  private static void sent(Bus bus, BufferPool pool, Result result, PoolBuffer buffer)
      throws IOException {
    try {
      result.endSendFully();
    } finally {
      bus.done(result);
      pool.release(buffer);
    }
  }

  private static void closed(Bus bus, Result result) throws IOException {
    try {
      result.endClose();
    } finally {
      bus.done(result);
    }
  }

  @Override
  public void close() throws IOException {
    stopped = true;
    opened.join().wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new IOException("the server failed", failure);
    }
  }
}
