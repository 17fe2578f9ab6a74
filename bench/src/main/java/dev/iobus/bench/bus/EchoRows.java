package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.bench.result.Aim;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The workload of servers that send back what they get. Immutable.
///
/// @param backend of the bus; null for the best that this host allows
/// @param peers other libraries that take part
record EchoRows(@Nullable BackendKind backend, List<EchoPeer> peers) {

  private static final int CONNECTIONS = 64;
  private static final String NETTY = "netty";

  /// How a server is started.
  private interface Start {
    EchoServer server() throws Exception;
  }

  List<Lineup> all() {
    String workload = "echo, " + CONNECTIONS + " connections";
    List<Entrant> entrants = new ArrayList<>();
    entrants.add(
        new Server(
            ContenderKind.IOBUS.label(), "iobus, echo", () -> new BusEchoServer(backend)));
    for (EchoPeer peer : peers) {
      entrants.add(new Server(peer.name(), peer.name(), peer::start));
    }
    return List.of(
        new Lineup(
            workload,
            entrants,
            List.of(Aim.rate(workload, NETTY, 1), BlockRows.noAllocation(workload))));
  }

  /// Immutable.
  private record Server(String label, String kind, Start start) implements Entrant {

    @Override
    public Contender open() throws Exception {
      EchoServer server = start.server();
      try {
        return new EchoContender(server, CONNECTIONS);
      } catch (Exception e) {
        server.close();
        throw e;
      }
    }
  }
}
