package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.iobus.BackendKind;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Every server sends back what it gets, to as many as come.
@Timeout(60)
final class EchoTest {

  private static final long NANOS = 50_000_000;

  @Test
  void busEchoes() throws Exception {
    echoes(new BusEchoServer(null));
    echoes(new BusEchoServer(BackendKind.NIO));
  }

  @Test
  void roundTripsAreCounted() throws Exception {
    try (Contender contender = new EchoContender(new BusEchoServer(null), 64)) {
      for (int run = 0; run < 2; run++) {
        Outcome outcome = contender.run(NANOS);
        assertTrue(outcome.measurement().operations() >= 64, outcome::toString);
        assertTrue(outcome.measurement().nanos() >= NANOS, outcome::toString);
      }
    }
  }

  @Test
  void librariesEcho() throws Exception {
    List<EchoPeer> peers = new ArrayList<>();
    ServiceLoader.load(EchoPeer.class).forEach(peers::add);
    assumeTrue(!peers.isEmpty(), "no libraries here: mvn -Ppeers");
    for (EchoPeer peer : peers) {
      echoes(started(peer));
    }
  }

  private static EchoServer started(EchoPeer peer) throws Exception {
    try {
      return peer.start();
    } catch (HostLacksException e) {
      return abort(e.getMessage());
    }
  }

  private static void echoes(EchoServer server) throws Exception {
    try (server;
        Socket one = new Socket(InetAddress.getLoopbackAddress(), server.port());
        Socket two = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      for (int i = 0; i < 1_000; i++) {
        for (Socket socket : List.of(one, two)) {
          byte[] message = ("message " + i).getBytes(StandardCharsets.US_ASCII);
          socket.getOutputStream().write(message);
          byte[] echo = socket.getInputStream().readNBytes(message.length);
          assertEquals("message " + i, new String(echo, StandardCharsets.US_ASCII));
        }
      }
    }
  }
}
