package dev.iobus.bench.bus;

import dev.iobus.bench.host.HostCpu;
import dev.iobus.bench.measure.MismatchException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/// The clients of an [EchoServer], in a process of its own: one message in flight on each
/// connection, every echo compared with what was sent. `EchoClient PORT CONNECTIONS`; for each line
/// with a number of milliseconds that it reads, it does round trips for so long and prints how many
/// there were, how many nanoseconds they took, and how many of processor time in its own code.
final class EchoClient {

  private static final int MESSAGE_BYTES = 64;

  /// One connection with its message.
  private static final class Connection {

    private final SocketChannel channel;
    private final ByteBuffer sent = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private final ByteBuffer received = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private long number;

    Connection(SocketChannel channel, long number) {
      this.channel = channel;
      this.number = number;
    }

    /// A message is as small as any free buffer of a socket.
    private void send() throws IOException {
      sent.clear();
      while (sent.hasRemaining()) {
        sent.putLong(++number);
      }
      if (channel.write(sent.flip()) != MESSAGE_BYTES) {
        throw new IOException("a message of " + MESSAGE_BYTES + " bytes was not taken whole");
      }
      received.clear();
    }

    /// Returns whether the echo is whole.
    private boolean receive() throws IOException, MismatchException {
      if (channel.read(received) < 0) {
        throw new IOException("the server has closed the connection");
      }
      if (received.hasRemaining()) {
        return false;
      }
      if (!received.flip().equals(sent.flip())) {
        throw new MismatchException("echo: expected what was sent, found something else");
      }
      return true;
    }
  }

  private EchoClient() {}

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    int count = Integer.parseInt(arguments[1]);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    try (Selector selector = Selector.open()) {
      Connection[] connections = new Connection[count];
      for (int i = 0; i < count; i++) {
        InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        SocketChannel channel = SocketChannel.open(server);
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        connections[i] = new Connection(channel, (long) i << 40);
        channel.register(selector, SelectionKey.OP_READ, connections[i]);
      }
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        HostCpu before = HostCpu.now();
        long from = System.nanoTime();
        long trips = run(selector, connections, Long.parseLong(line) * 1_000_000);
        long nanos = System.nanoTime() - from;
        double userNanos = HostCpu.now().since(before).ownUserNanos();
        System.out.println(trips + " " + nanos + " " + userNanos);
      }
      for (Connection connection : connections) {
        connection.channel.close();
      }
    }
  }

  /// Returns the round trips; none is in flight before or after.
  private static long run(Selector selector, Connection[] connections, long nanos)
      throws Exception {
    long from = System.nanoTime();
    for (Connection connection : connections) {
      connection.send();
    }
    int inFlight = connections.length;
    long trips = 0;
    Exception[] failure = new Exception[1];
    long[] ended = new long[1];
    while (inFlight > 0) {
      boolean again = System.nanoTime() - from < nanos;
      ended[0] = 0;
      selector.select(key -> serve(key, again, ended, failure));
      if (failure[0] != null) {
        throw failure[0];
      }
      trips += ended[0];
      inFlight -= again ? 0 : (int) ended[0];
    }
    return trips;
  }

  private static void serve(SelectionKey key, boolean again, long[] ended, Exception[] failure) {
    Connection connection = (Connection) key.attachment();
    try {
      if (connection.receive()) {
        ended[0]++;
        if (again) {
          connection.send();
        }
      }
    } catch (IOException | MismatchException e) {
      failure[0] = e;
    }
  }
}
