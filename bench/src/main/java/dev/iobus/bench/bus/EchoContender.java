package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Allocation;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Series;
import java.io.IOException;
import java.util.List;

/// An [EchoServer] in this process with the [EchoClient] in another, the same for every server.
/// Processor time and garbage are the server's. Confined to one thread.
final class EchoContender implements Contender {

  private final EchoServer server;
  private final ChildJvm client;

  /// @param server is closed with this
  EchoContender(EchoServer server, int connections) throws IOException {
    this.server = server;
    client =
        new ChildJvm(
            EchoClient.class,
            List.of(),
            List.of(Integer.toString(server.port()), Integer.toString(connections)));
  }

  @Override
  public String describe() {
    return server.describe();
  }

  @Override
  public Outcome run(long nanos) throws IOException {
    double allocatedBefore = Allocation.bytes();
    String reply = client.ask(Long.toString(Math.max(1, nanos / 1_000_000)));
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
    try {
      client.close();
    } finally {
      server.close();
    }
  }
}
