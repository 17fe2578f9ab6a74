package dev.iobus.examples;

import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.NoBuffersException;
import dev.iobus.OpenSocket;
import dev.iobus.PoolBuffer;
import dev.iobus.Result;
import dev.iobus.SocketType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;

/// Sends back what it receives: `EchoServer PORT`, on the loopback address.
///
/// One operation accepts all connections; one for each connection receives all that comes. A
/// connection that is silent holds no buffer: the kernel takes one from the pool when bytes have
/// come. What was received is sent from that very buffer, which then goes back to the pool.
///
/// Confined to the bus thread; a [Bus#post] from any thread stops it.
public final class EchoServer {

  private static final int CONNECTIONS_MAX = 2048;

  /// A peer that takes nothing for so long is cut off, as it holds buffers that others need.
  private static final Duration SEND_DEADLINE = Duration.ofSeconds(10);

  private static final Duration PAUSE = Duration.ofMillis(1);

  /// A receive, a send and a close for each connection, and a few for the server.
  static final BusOptions OPTIONS = BusOptions.defaults().withCapacity(3 * CONNECTIONS_MAX + 8);

  /// What follows on a result; attached to each operation.
  private interface Next {
    void take(Result result) throws IOException;
  }

  private final Bus bus;
  private final BufferPool pool;
  private final OpenSocket listening;
  private final Set<Connection> connections = new LinkedHashSet<>();
  private boolean stopped;

  /// @param bus opened with [#OPTIONS]
  EchoServer(Bus bus, SocketAddress address) throws IOException {
    this.bus = bus;
    bus.submit(bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
    Result made = bus.dispatch();
    listening = made.endSocket();
    bus.done(made);
    pool = bus.newPool(512, 4096);
    bus.enqueue(bus.bind(listening, address).attach((Next) Result::endBind));
    step();
    bus.enqueue(bus.listen(listening, 1024).attach((Next) Result::endListen));
    step();
  }

  public static void main(String[] args) throws IOException {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 7777;
    try (Bus bus = Bus.open(OPTIONS)) {
      EchoServer server =
          new EchoServer(bus, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      System.out.println("echo on " + server.address() + ", " + bus.reason());
      server.serve();
    }
  }

  SocketAddress address() throws IOException {
    return bus.localAddress(listening);
  }

  /// Serves until somebody posts a message to the bus.
  void serve() throws IOException {
    bus.enqueue(bus.inbox().attach((Next) message -> stopped = true));
    accept();
    while (!stopped) {
      step();
    }
    for (Connection connection : connections) {
      connection.close();
    }
    bus.enqueue(bus.close(listening)); // The bus cancels what waits when it is closed itself.
  }

  private void step() throws IOException {
    Result result = bus.dispatch();
    ((Next) Objects.requireNonNull(result.attachment())).take(result);
    bus.done(result);
  }

  private void accept() throws IOException {
    bus.enqueue(bus.acceptMany(listening).attach((Next) this::accepted));
  }

  private void accepted(Result result) throws IOException {
    if (!result.isFailure() && connections.size() < CONNECTIONS_MAX) { // Else done() closes it.
      Connection connection = new Connection(result.endAccept());
      connections.add(connection);
      connection.receive();
    }
    if (!result.hasMore()) { // Out of descriptors, as a rule.
      bus.enqueue(bus.timeout(PAUSE).attach((Next) time -> accept()));
    }
  }

  private final class Connection {
    private final OpenSocket socket;
    private final ArrayDeque<PoolBuffer> unsent = new ArrayDeque<>();
    private boolean receiving;
    private boolean sending;
    private boolean ended;

    Connection(OpenSocket socket) {
      this.socket = socket;
    }

    void receive() throws IOException {
      receiving = true;
      bus.enqueue(bus.recvMany(socket, pool).attach((Next) this::received));
    }

    private void received(Result result) throws IOException {
      receiving = result.hasMore();
      try {
        if (result.endRecv() < 0) {
          ended = true;
        } else if (!ended) { // Else done() releases the buffer.
          unsent.add(result.buffer());
          sendFirst();
        }
      } catch (NoBuffersException e) { // Nothing is lost; others are about to release some.
        receiving = true;
        bus.enqueue(bus.timeout(PAUSE).attach((Next) this::paused));
      } catch (BusException e) {
        ended = true; // Reset by the peer, or cancelled because a send failed.
      }
      goOn();
    }

    private void paused(Result result) throws IOException {
      receiving = false;
      goOn();
    }

    /// One send at a time, so that bytes stay in order.
    private void sendFirst() throws IOException {
      if (!sending) {
        sending = true;
        bus.enqueue(
            bus.sendFully(socket, unsent.element().memory())
                .deadline(SEND_DEADLINE)
                .attach((Next) this::sent));
      }
    }

    private void sent(Result result) throws IOException {
      sending = false;
      pool.release(unsent.remove());
      if (result.isFailure()) {
        ended = true;
        unsent.forEach(pool::release);
        unsent.clear();
        bus.cancelAll(socket);
      } else if (!unsent.isEmpty()) {
        sendFirst();
      }
      goOn();
    }

    private void goOn() throws IOException {
      if (!receiving && !ended) {
        receive();
      } else if (!receiving && !sending) {
        connections.remove(this);
        close();
      }
    }

    void close() throws IOException {
      bus.enqueue(bus.close(socket).attach((Next) Result::endClose));
    }
  }
}
