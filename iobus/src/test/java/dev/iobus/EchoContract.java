package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.ResultVisitor.Then;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of many connections at a time, and of much on one.
interface EchoContract extends OneBus {

  /// Every operation ends once, and no byte is lost or out of order.
  @Test
  default void hundredsOfConnectionsEchoWhileSomeAreCancelledAndClosed() throws IOException {
    reopen(1024);
    new Echoes(this).run(200);
  }

  @Test
  default void sendsAndReceivesAreDoneAgain() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    OpenSocket from = ends.get(0);
    bus().enqueue(bus().send(from, bytes("ping")));
    bus().enqueue(bus().recv(ends.get(1), arena().allocate(16)));
    int[] sent = {0};
    int[] received = {0};
    ResultVisitor visitor =
        (result, outcome) -> {
          assertTrue(outcome >= 0);
          return switch (result.handle().operation()) {
            case "send" -> {
              sent[0] += outcome;
              yield sent[0] < 400 ? Then.REARM : Then.DONE;
            }
            case "recv" -> {
              received[0] += outcome;
              yield outcome > 0 ? Then.REARM : Then.DONE;
            }
            default -> Then.DONE;
          };
        };
    while (sent[0] < 400) {
      bus().dispatch(1, 4, 20 * SECOND, visitor);
    }
    bus().enqueue(bus().close(from));
    while (bus().inFlight() > 0) {
      bus().dispatch(1, 4, 20 * SECOND, visitor);
    }
    assertEquals(sent[0], received[0]);
    closeAll(ends.get(1), server);
  }

  /// Its cancel ends before it does, where the host looks for what it can cancel.
  @Test
  default void aReceiveThatWasCancelledIsNotDoneAgain() throws IOException {
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    bus().submit(bus().recv(ends.get(1), arena().allocate(16)));
    assertEquals(1, bus().cancelAll(ends.get(1)));
    int[] passed = {0};
    ResultVisitor visitor =
        (result, outcome) -> {
          passed[0]++;
          return Then.REARM;
        };
    assertEquals(1, bus().dispatch(1, 4, 20 * SECOND, visitor));
    assertEquals(1, passed[0]);
    while (bus().inFlight() > 0) {
      bus().dispatch(1, 4, 20 * SECOND, visitor);
    }
    assertEquals(1, passed[0]);
    closeAll(ends.get(0), ends.get(1), server);
  }

  /// In a batch of which some are done again and not yet submitted.
  @Test
  default void aVisitorClosesTheBusUnderAReceive() throws IOException {
    reopen(8);
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    bus().submit(bus().recv(ends.get(1), arena().allocate(16)));
    bus().enqueue(bus().nop(), bus().nop(), bus().nop());
    int[] passed = {0};
    ResultVisitor visitor =
        (result, outcome) -> {
          if (++passed[0] == 2) {
            bus().close();
          }
          return Then.REARM;
        };
    assertEquals(2, bus().dispatch(3, 8, 20 * SECOND, visitor));
    assertEquals(2, passed[0]);
    assertThrows(IllegalStateException.class, bus()::nop);
    reopen(8);
    closeAll(ends.get(0), ends.get(1), server);
  }
}
