package dev.iobus;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What every bus promises of many connections at a time.
interface EchoContract extends OneBus {

  /// Every operation ends once, and no byte is lost or out of order.
  @Test
  default void hundredsOfConnectionsEchoWhileSomeAreCancelledAndClosed() throws IOException {
    reopen(1024);
    new Echoes(this).run(200);
  }
}
