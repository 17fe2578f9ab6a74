package dev.iobus.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.BusStats;
import dev.iobus.NotSupportedException;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The examples, as their readers run them: each on every backend that has what it needs.
@Timeout(60)
final class ExamplesTest {

  private static final int LIMIT_MILLIS = 40_000;

  @TempDir Path directory;

  private static void needs(BackendKind kind) {
    try {
      Bus.open(BusOptions.defaults().withBackend(kind)).close();
    } catch (IOException e) {
      Assumptions.abort(kind + " is not available on this host: " + e.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void aCopyIsTheSameFile(BackendKind kind) throws IOException {
    needs(kind);
    BusOptions options = BusOptions.defaults().withBackend(kind);
    Path from = directory.resolve("from");
    Path to = directory.resolve("to");
    Random random = new Random(1);
    for (int size : List.of(5_000_001, 64 << 10, 1, 0)) { // The copy becomes shorter each time.
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      Files.write(from, bytes);
      assertEquals(size, FileCopy.copy(from, to, options));
      assertArrayEquals(bytes, Files.readAllBytes(to));
    }
    Path missing = directory.resolve("missing");
    BusException e =
        assertThrows(BusException.class, () -> FileCopy.copy(missing, to, options));
    assertEquals("ENOENT", e.errnoName());
    Files.writeString(from, "kept");
    Files.createLink(missing, from);
    assertThrows(IOException.class, () -> FileCopy.copy(from, missing, options));
    assertEquals("kept", Files.readString(from));
  }

  /// All of them go to the host in one submission, and each that has ended goes on at once.
  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void aCopyKeepsThirtyTwoReadsInFlight(BackendKind kind) throws IOException {
    needs(kind);
    Path from = directory.resolve("from");
    Files.write(from, new byte[10 << 20]);
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(BusOptions.defaults().withBackend(kind).withCapacity(34))) {
      assertEquals(10 << 20, FileCopy.copy(from, directory.resolve("to"), bus, arena));
      BusStats stats = bus.stats();
      assertTrue(stats.requests("read") >= 160, stats::toString);
      List<Long> sizes = stats.submissionSizes();
      assertEquals(6, sizes.size(), () -> "none of 32 to 63 requests: " + sizes);
      assertTrue(sizes.get(5) > 0);
    }
  }

  /// As the page of the package says: from the source file, with the classes and nothing else.
  @Test
  void anExampleRunsFromItsSource() throws Exception {
    Path from = directory.resolve("from");
    Files.writeString(from, "one line\n".repeat(100_000));
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            "target/classes",
            "src/test/java/dev/iobus/examples/FileCopy.java",
            from.toString(),
            directory.resolve("to").toString());
    assertEquals("900000 bytes\n", output(command, ""));
    assertEquals(-1, Files.mismatch(from, directory.resolve("to")));
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void oneBusWaitsOnAnother(BackendKind kind) throws IOException {
    needs(kind);
    Path file = directory.resolve("lines");
    Files.writeString(file, "a line\n".repeat(300_000) + "the end");
    List<Long> ticks = new ArrayList<>();
    try {
      long lines = TwoBuses.count(file, BusOptions.defaults().withBackend(kind), ticks::add);
      assertEquals(300_000, lines);
      assertEquals(0, ticks.getFirst());
    } catch (NotSupportedException e) {
      Assumptions.abort("busses cannot be waited for on " + kind + ": " + e.getMessage());
    }
  }

  private interface Server {
    void serve() throws IOException;
  }

  private interface Start {
    Server on(Bus bus, Arena arena, CompletableFuture<InetSocketAddress> address)
        throws IOException;
  }

  /// A server on a thread of its own; its end ends the server and tells how it went.
  private static final class Running implements AutoCloseable {
    private final CompletableFuture<Bus> bus = new CompletableFuture<>();
    private final CompletableFuture<InetSocketAddress> address = new CompletableFuture<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    Running(BusOptions options, Start start) {
      Thread.ofPlatform()
          .start(
              () -> {
                try (Arena arena = Arena.ofShared();
                    Bus opened = Bus.open(options)) {
                  Server server = start.on(opened, arena, address);
                  bus.complete(opened);
                  server.serve();
                  end.complete(null);
                } catch (Throwable e) {
                  address.completeExceptionally(e);
                  bus.completeExceptionally(e);
                  end.completeExceptionally(e);
                }
              });
    }

    int port() throws Exception {
      try {
        return address.get(30, TimeUnit.SECONDS).getPort();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof NotSupportedException missing) {
          Assumptions.abort("no sockets here: " + missing.getMessage());
        }
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      try {
        if (!address.isCompletedExceptionally()) {
          bus.get(30, TimeUnit.SECONDS).post(0);
          end.get(30, TimeUnit.SECONDS);
        }
      } catch (InterruptedException | ExecutionException | TimeoutException e) {
        throw new IOException("the server did not end well", e);
      }
    }
  }

  private static SocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static Running echo(BackendKind kind) {
    return new Running(
        EchoServer.OPTIONS.withBackend(kind),
        (bus, arena, address) -> {
          EchoServer server = new EchoServer(bus, anyPort());
          address.complete((InetSocketAddress) server.address());
          return server::serve;
        });
  }

  private static Running http(BackendKind kind) {
    return new Running(
        HttpResponder.OPTIONS.withBackend(kind),
        (bus, arena, address) -> {
          HttpResponder server = new HttpResponder(bus, arena, anyPort());
          address.complete((InetSocketAddress) server.address());
          return server::serve;
        });
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void aThousandConnectionsAtOnceAreEchoed(BackendKind kind) throws Exception {
    needs(kind);
    int count = 1200;
    try (Running server = echo(kind);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      int port = server.port();
      CountDownLatch connected = new CountDownLatch(count);
      List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int seed = i;
        ends.add(clients.submit(() -> converse(port, seed, connected)));
      }
      for (Future<?> end : ends) {
        end.get(50, TimeUnit.SECONDS);
      }
    }
  }

  /// Sends, once all are connected, and checks what comes back.
  private static Void converse(int port, int seed, CountDownLatch connected) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(LIMIT_MILLIS);
      connected.countDown();
      assertTrue(connected.await(40, TimeUnit.SECONDS));
      Random random = new Random(seed);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (int round = 0; round < 3; round++) {
        byte[] sent = new byte[1 + random.nextInt(20_000)];
        random.nextBytes(sent);
        socket.getOutputStream().write(sent);
        assertArrayEquals(sent, in.readNBytes(sent.length));
      }
      socket.shutdownOutput();
      assertEquals(-1, in.read());
    }
    return null;
  }

  /// Clients that send all before they read anything leave no buffer in the pool meanwhile.
  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void lateReadersGetEverything(BackendKind kind) throws Exception {
    needs(kind);
    try (Running server = echo(kind);
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      int port = server.port();
      byte[] sent = new byte[12 << 20];
      new Random(7).nextBytes(sent);
      List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(LIMIT_MILLIS);
        ends.add(
            clients.submit(
                () -> {
                  socket.getOutputStream().write(sent);
                  socket.shutdownOutput();
                  return null;
                }));
        ends.add(
            clients.submit(
                () -> {
                  Thread.sleep(200);
                  assertArrayEquals(sent, socket.getInputStream().readAllBytes());
                  socket.close();
                  return null;
                }));
      }
      for (Future<?> end : ends) {
        end.get(50, TimeUnit.SECONDS);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"nc", "socat"})
  void toolsOfTheHostAreEchoed(String tool) throws Exception {
    needs(BackendKind.IO_URING);
    try (Running server = echo(BackendKind.IO_URING)) {
      int port = server.port();
      List<String> command =
          tool.equals("nc")
              ? List.of("nc", "-N", "127.0.0.1", "" + port)
              : List.of("socat", "-t", "10", "-", "TCP4:127.0.0.1:" + port);
      String text = "to and fro\n".repeat(10_000);
      assertEquals(text, output(command, text));
    }
  }

  /// What a program prints that is given an input; skipped where there is no such program.
  private static String output(List<String> command, String input) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      Assumptions.abort("no " + command.getFirst() + " on this host");
      return "";
    }
    Thread writer =
        Thread.ofVirtual()
            .start(
                () -> {
                  try (OutputStream out = process.getOutputStream()) {
                    out.write(input.getBytes(UTF_8));
                  } catch (IOException e) {
                    process.destroy();
                  }
                });
    // Reading its output cannot be interrupted; its end ends that, too.
    Executor late = CompletableFuture.delayedExecutor(30, TimeUnit.SECONDS);
    late.execute(process::destroyForcibly);
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    writer.join();
    assertEquals(0, process.exitValue(), output);
    return output;
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void theJdkClientGetsThePage(BackendKind kind) throws Exception {
    needs(kind);
    try (Running server = http(kind);
        HttpClient client = HttpClient.newHttpClient()) {
      URI page = URI.create("http://127.0.0.1:" + server.port() + "/");
      List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        URI asked = i % 3 == 0 ? page.resolve("/no") : page;
        HttpRequest request = HttpRequest.newBuilder(asked).build();
        answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
      }
      for (int i = 0; i < 300; i++) {
        HttpResponse<String> answer = answers.get(i).get(30, TimeUnit.SECONDS);
        assertEquals(i % 3 == 0 ? 404 : 200, answer.statusCode());
        assertEquals(i % 3 == 0 ? "" : "hello\n", answer.body());
      }
      HttpRequest head = HttpRequest.newBuilder(page).HEAD().build();
      assertEquals(200, client.send(head, HttpResponse.BodyHandlers.ofString()).statusCode());
      HttpRequest post =
          HttpRequest.newBuilder(page).POST(HttpRequest.BodyPublishers.ofString("x")).build();
      assertEquals(413, client.send(post, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void pipelinedAndTornRequestsAreAnsweredInOrder(BackendKind kind) throws Exception {
    needs(kind);
    try (Running server = http(kind)) {
      String one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
      String other = "GET /other HTTP/1.1\r\nHost: a\r\n\r\n";
      String end = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
      String answers = exchange(server.port(), (one + other).repeat(1000) + end, 0);
      assertEquals(1001, count(answers, "HTTP/1.1 200 OK\r\n"));
      assertEquals(1000, count(answers, "HTTP/1.1 404 Not Found\r\n"));
      assertTrue(answers.startsWith("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"), answers);
      assertTrue(answers.endsWith("Connection: close\r\n\r\nhello\n"), answers);
      assertEquals(2, count(exchange(server.port(), one + end, 1), "hello"));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void nonsenseIsRefusedAndEndsTheConnection(BackendKind kind) throws Exception {
    needs(kind);
    try (Running server = http(kind)) {
      int port = server.port();
      List<String> nonsense =
          List.of(
              "nonsense\r\n\r\n",
              "GET /\r\n\r\n",
              "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
              "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
              "GET / HTTP/1.1\r\n\r\n",
              "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
              "GET / HTTP/1.1\r\nHost: a\r\nno field\r\n\r\n",
              "GET / HTTP/1.1\r\nHost: a\r\nname : space\r\n\r\n",
              "GET / HTTP/1.1\r\nHost: a\r\nname: \u0001\r\n\r\n",
              "GET / HTTP/1.1\nHost: a\n\n",
              "\u0016\u0003\u0001\u0002\u0000\r\n\r\n");
      for (String request : nonsense) {
        String answer = exchange(port, request, 0);
        assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), request + answer);
        assertEquals(1, count(answer, "HTTP/1.1"));
      }
      String large = "GET / HTTP/1.1\r\nHost: a\r\nlarge: " + "x".repeat(100_000);
      assertTrue(exchange(port, large, 0).startsWith("HTTP/1.1 431 "));
      assertTrue(
          exchange(port, "DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 0)
              .startsWith("HTTP/1.1 405 "));
    }
  }

  private static int count(String text, String part) {
    return text.split(part, -1).length - 1;
  }

  /// What the server answers until it closes.
  ///
  /// @param pieceBytes how many bytes are sent at a time; 0 for all
  private static String exchange(int port, String request, int pieceBytes) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(LIMIT_MILLIS);
      socket.setTcpNoDelay(true);
      byte[] bytes = request.getBytes(ISO_8859_1);
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      int piece = pieceBytes == 0 ? bytes.length : pieceBytes;
                      for (int i = 0; i < bytes.length; i += piece) {
                        socket.getOutputStream().write(bytes, i, piece);
                      }
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      InputStream in = socket.getInputStream();
      String answer = new String(in.readAllBytes(), ISO_8859_1);
      writer.join();
      return answer;
    }
  }

  @Test
  void wrkFindsNoErrors() throws Exception {
    needs(BackendKind.IO_URING);
    try (Running server = http(BackendKind.IO_URING)) {
      String url = "http://127.0.0.1:" + server.port() + "/";
      String report = output(List.of("wrk", "-t1", "-c64", "-d1s", url), "");
      assertTrue(report.contains("Requests/sec"), report);
      assertEquals(0, count(report, "Non-2xx"), report);
      assertEquals(0, count(report, "Socket errors"), report);
    }
  }
}
