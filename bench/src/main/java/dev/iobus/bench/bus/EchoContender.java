package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Allocation;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// An [EchoServer] in this process with the [EchoClient] in another, the same for every server.
/// Processor time and garbage are the server's. Confined to one thread.
final class EchoContender implements Contender {

  private final EchoServer server;
  private final Process client;
  private final PrintWriter requests;
  private final BufferedReader replies;

  /// @param server is closed with this
  EchoContender(EchoServer server, int connections) throws IOException {
    this.server = server;
    client =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                EchoClient.class.getName(),
                Integer.toString(server.port()),
                Integer.toString(connections))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    requests = new PrintWriter(client.outputWriter(StandardCharsets.US_ASCII), true);
    replies = client.inputReader(StandardCharsets.US_ASCII);
  }

  @Override
  public String describe() {
    return server.describe();
  }

  @Override
  public Outcome run(long nanos) throws IOException {
    double allocatedBefore = Allocation.bytes();
    requests.println(Math.max(1, nanos / 1_000_000));
    @Nullable String reply = replies.readLine();
    if (reply == null) {
      throw new IOException("the clients have failed; see above");
    }
    double allocated = Allocation.bytes() - allocatedBefore;
    String[] numbers = reply.split(" ", -1);
    return Outcome.askedBy(
        new Measurement(
            Long.parseLong(numbers[0]),
            0,
            Long.parseLong(numbers[1]),
            new Latencies().toHistogram(),
            Series.NONE,
            allocated),
        Double.parseDouble(numbers[2]));
  }

  @Override
  public void close() throws IOException {
    requests.close();
    try {
      client.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      client.destroy();
      server.close();
    }
  }
}
