package dev.iobus.examples;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SocketType;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;

/// The echo server on a simulated host, with clients and a network that is slow, moves bytes in small
/// parts and breaks connections. Whatever a seed does, it does again.
///
/// Run it with a seed: it prints how often the network has misbehaved, and what stands for all that
/// happened.
public final class SimulatedEcho {

  private static final SocketAddress ADDRESS =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 7777);

  private static final int CLIENTS = 3;
  private static final int MESSAGES = 20;
  private static final int MESSAGE_BYTES = 5000;

  private final SimScheduler host;
  private int echoed;
  private int reconnects;
  private int left = CLIENTS;

  private SimulatedEcho(SimScheduler host) {
    this.host = host;
  }

  public static void main(String[] args) throws IOException {
    Outcome outcome = run(args.length > 0 ? Long.parseLong(args[0]) : 1);
    System.out.println(outcome);
  }

  /// What became of one seed.
  ///
  /// @param echoed messages that came back as they were
  /// @param reconnects how often a client had to begin anew
  /// @param faults how often the network has misbehaved
  /// @param trace equal for runs that did the same
  record Outcome(int echoed, int reconnects, long faults, long trace) {}

  /// Runs the server and its clients with one seed.
  static Outcome run(long seed) throws IOException {
    Faults faults = new Faults();
    faults.reset().inFiles("port-7777").withOdds(0.01);
    faults.shortTransfer().withOdds(0.3);
    faults.delay(Duration.ofMillis(200)).withOdds(0.1);
    SimScheduler host = new SimScheduler(seed, new SimDisk(), faults);
    SimulatedEcho echo = new SimulatedEcho(host);
    host.run(echo::serve);
    if (host.openFiles() > 0) {
      throw new AssertionError("left open: " + host.openPaths());
    }
    return new Outcome(echo.echoed, echo.reconnects, faults.struck(), host.traceHash());
  }

  /// The root task is the server; each client is a task of its own.
  private void serve() throws IOException {
    try (Bus bus = Bus.open(EchoServer.OPTIONS.withScheduler(host))) {
      EchoServer server = new EchoServer(bus, ADDRESS);
      for (int i = 0; i < CLIENTS; i++) {
        host.start("client " + i, () -> talk(bus));
      }
      server.serve();
    }
  }

  private void talk(Bus server) {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(BusOptions.defaults().withScheduler(host).withCapacity(8))) {
      MemorySegment out = arena.allocate(MESSAGE_BYTES);
      MemorySegment in = arena.allocate(MESSAGE_BYTES);
      OpenSocket socket = connect(bus);
      for (int message = 0; message < MESSAGES; ) {
        out.fill((byte) message);
        out.set(ValueLayout.JAVA_INT, 0, message);
        if (exchange(bus, socket, out, in)) {
          if (out.mismatch(in) >= 0) {
            throw new AssertionError("message " + message + " came back as another");
          }
          message++;
          echoed++;
        } else {
          reconnects++;
          close(bus, socket);
          socket = connect(bus);
        }
      }
      close(bus, socket);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    if (--left == 0) {
      server.post(0); // Stops it.
    }
  }

  /// Sends and receives at the same time. Returns whether all came back.
  private static boolean exchange(
      Bus bus, OpenSocket socket, MemorySegment out, MemorySegment in) throws IOException {
    Handle receive = bus.recvFully(socket, in);
    bus.submit(bus.sendFully(socket, out), receive);
    boolean whole = true;
    for (int ended = 0; ended < 2; ended++) {
      Result result = bus.dispatch();
      boolean failed = result.isFailure();
      if (!failed && result.handle().equals(receive)) {
        failed = result.endRecvFully() < in.byteSize(); // The server has closed the connection.
      }
      bus.done(result);
      if (failed) {
        whole = false;
        bus.cancelAll(socket);
      }
    }
    return whole;
  }

  private static OpenSocket connect(Bus bus) throws IOException {
    bus.submit(bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
    Result made = bus.dispatch();
    OpenSocket socket = made.endSocket();
    bus.done(made);
    bus.submit(bus.connect(socket, ADDRESS));
    Result connected = bus.dispatch();
    try {
      connected.endConnect();
    } finally {
      bus.done(connected);
    }
    return socket;
  }

  private static void close(Bus bus, OpenSocket socket) throws IOException {
    bus.submit(bus.close(socket));
    Result closed = bus.dispatch();
    try {
      closed.endClose();
    } finally {
      bus.done(closed);
    }
  }
}
