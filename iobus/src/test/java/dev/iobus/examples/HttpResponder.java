package dev.iobus.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SocketSide;
import dev.iobus.SocketType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Answers HTTP/1.1 requests for one page: `HttpResponder PORT`, on the loopback address.
///
/// A connection does one thing at a time: it receives, answers every whole request that it has,
/// sends all answers as one, and receives again. So a peer that sends much and reads nothing fills
/// its socket and no memory here; what it may send before a request is whole is bounded, too.
///
/// Confined to the bus thread; a [Bus#post] from any thread stops it.
public final class HttpResponder {

  private static final int CONNECTIONS_MAX = 1024;
  private static final int INPUT_BYTES = 8192;
  private static final int OUTPUT_BYTES = 8192;
  private static final int ANSWER_BYTES_MAX = 256;
  private static final Duration IDLE_MAX = Duration.ofSeconds(30);
  private static final Duration LINGER_MAX = Duration.ofSeconds(1);
  private static final int LINGER_RECEIVES_MAX = 64;

  /// Two operations and a close for each connection, and a few for the server.
  static final BusOptions OPTIONS = BusOptions.defaults().withCapacity(3 * CONNECTIONS_MAX + 8);

  // RFC 9112, 3 and 5.
  private static final Pattern REQUEST_LINE =
      Pattern.compile("([!-~]+) (/[!-~]*|\\*|http://[!-~]+) HTTP/1\\.([01])");
  private static final Pattern FIELD =
      Pattern.compile("([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([\t -~\\x80-\\xff]*)");

  private interface Next {
    void take(Result result) throws IOException;
  }

  private final Bus bus;
  private final OpenSocket listening;
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
  private final Set<Connection> connections = new HashSet<>();
  private boolean stopped;

  /// @param bus opened with [#OPTIONS]
  /// @param arena for the memory of all connections; closed after the bus
  HttpResponder(Bus bus, Arena arena, SocketAddress address) throws IOException {
    this.bus = bus;
    int each = INPUT_BYTES + OUTPUT_BYTES;
    MemorySegment all = arena.allocate((long) CONNECTIONS_MAX * each);
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
      free.add(all.asSlice((long) i * each, each));
    }
    bus.submit(bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
    Result made = bus.dispatch();
    listening = made.endSocket();
    bus.done(made);
    bus.enqueue(bus.bind(listening, address).attach((Next) Result::endBind));
    step();
    bus.enqueue(bus.listen(listening, 1024).attach((Next) Result::endListen));
    step();
  }

  public static void main(String[] args) throws IOException {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 8080;
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(OPTIONS)) {
      InetAddress host = InetAddress.getLoopbackAddress();
      HttpResponder server = new HttpResponder(bus, arena, new InetSocketAddress(host, port));
      System.out.println("http on " + server.address() + ", " + bus.reason());
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
      bus.enqueue(bus.close(connection.socket));
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
    if (!result.isFailure() && !free.isEmpty()) { // Else done() closes it.
      Connection connection = new Connection(result.endAccept(), free.remove());
      connections.add(connection);
      connection.receive();
    }
    if (!result.hasMore()) { // Out of descriptors, as a rule.
      bus.enqueue(bus.timeout(Duration.ofMillis(1)).attach((Next) time -> accept()));
    }
  }

  private final class Connection {
    private final OpenSocket socket;
    private final MemorySegment memory;
    private final MemorySegment input;
    private final MemorySegment output;
    private int received;
    private int answered;

    /// Whether the last answer was made; what is received after it is dropped.
    private boolean last;

    private int dropped;

    Connection(OpenSocket socket, MemorySegment memory) {
      this.socket = socket;
      this.memory = memory;
      input = memory.asSlice(0, INPUT_BYTES);
      output = memory.asSlice(INPUT_BYTES);
    }

    void receive() throws IOException {
      bus.enqueue(
          bus.recv(socket, input.asSlice(received))
              .deadline(last ? LINGER_MAX : IDLE_MAX)
              .attach((Next) this::received));
    }

    private void received(Result result) throws IOException {
      int length;
      try {
        length = result.endRecv();
      } catch (BusException e) { // Reset by the peer, or silent for too long.
        length = -1;
      }
      if (length < 0 || (last && ++dropped > LINGER_RECEIVES_MAX)) {
        close();
      } else if (last) {
        receive();
      } else {
        received += length;
        answer();
      }
    }

    /// Answers as many whole requests as there is room for answers, and sends them.
    private void answer() throws IOException {
      byte[] bytes = input.asSlice(0, received).toArray(ValueLayout.JAVA_BYTE);
      String text = new String(bytes, ISO_8859_1);
      int begin = 0;
      while (!last && OUTPUT_BYTES - answered >= ANSWER_BYTES_MAX) {
        while (text.startsWith("\r\n", begin)) {
          begin += 2; // RFC 9112, 2.2.
        }
        int end = text.indexOf("\r\n\r\n", begin);
        if (end >= 0) {
          answer(text.substring(begin, end).split("\r\n", -1));
          begin = end + 4;
        } else if (text.length() - begin == INPUT_BYTES) {
          put("431 Request Header Fields Too Large", "", true, true);
        } else if (text.indexOf("\n\n", begin) >= 0) {
          put("400 Bad Request", "", true, true);
        } else {
          break;
        }
      }
      MemorySegment.copy(input, begin, input, 0, received - begin);
      received = last ? 0 : received - begin;
      if (answered == 0) {
        receive();
      } else if (last) {
        // The peer sees the end behind the answer. Closing at once could destroy both on their way.
        bus.chain(
            bus.send(socket, output.asSlice(0, answered))
                .deadline(IDLE_MAX)
                .attach((Next) result -> {}),
            bus.shutdown(socket, SocketSide.OUTPUT).attach((Next) result -> receive()));
      } else {
        bus.enqueue(
            bus.sendFully(socket, output.asSlice(0, answered))
                .deadline(IDLE_MAX)
                .attach((Next) this::sent));
      }
    }

    private void sent(Result result) throws IOException {
      answered = 0;
      if (result.isFailure()) {
        close();
      } else {
        answer();
      }
    }

    /// @param head the lines of one request
    private void answer(String[] head) {
      Matcher request = REQUEST_LINE.matcher(head[0]);
      boolean good = request.matches();
      boolean old = good && request.group(3).equals("0");
      boolean closes = old;
      boolean body = false;
      int hosts = 0;
      for (int i = 1; i < head.length; i++) {
        Matcher field = FIELD.matcher(head[i]);
        good &= field.matches();
        if (good) {
          String value = field.group(2).strip();
          switch (field.group(1).toLowerCase(Locale.ROOT)) {
            case "host" -> hosts++;
            case "connection" -> closes |= value.equalsIgnoreCase("close");
            case "content-length" -> body |= !value.equals("0");
            case "transfer-encoding" -> body = true;
            default -> {}
          }
        }
      }
      if (!good || hosts > 1 || (hosts == 0 && !old)) {
        put("400 Bad Request", "", true, true);
      } else if (body) {
        put("413 Content Too Large", "", true, true);
      } else if (!request.group(1).equals("GET") && !request.group(1).equals("HEAD")) {
        put("405 Method Not Allowed\r\nAllow: GET, HEAD", "", true, closes);
      } else {
        boolean found = request.group(2).matches("(http://[^/]+)?/");
        boolean shown = request.group(1).equals("GET");
        put(found ? "200 OK" : "404 Not Found", found ? "hello\n" : "", shown, closes);
      }
    }

    private void put(String status, String page, boolean shown, boolean closes) {
      String answer =
          "HTTP/1.1 " + status + "\r\nContent-Length: " + page.length()
              + "\r\nContent-Type: text/plain" + (closes ? "\r\nConnection: close" : "")
              + "\r\n\r\n" + (shown ? page : "");
      byte[] bytes = answer.getBytes(ISO_8859_1);
      MemorySegment.copy(bytes, 0, output, ValueLayout.JAVA_BYTE, answered, bytes.length);
      answered += bytes.length;
      last = closes;
    }

    private void close() throws IOException {
      connections.remove(this);
      free.add(memory);
      bus.enqueue(bus.close(socket).attach((Next) Result::endClose));
    }
  }
}
