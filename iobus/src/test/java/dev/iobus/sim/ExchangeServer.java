package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.NoBuffersException;
import dev.iobus.OpenSocket;
import dev.iobus.PoolBuffer;
import dev.iobus.Result;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Answers requests until all clients have ended: one operation accepts, one for each connection
/// receives into a small pool.
///
/// Confined to the task that owns the bus.
final class ExchangeServer {

  private final Bus bus;
  private final Arena arena;
  private final OpenSocket listening;
  private final Operation.Book operations;
  private final BufferPool pool;
  private final List<Connection> connections = new ArrayList<>();
  private int clients;
  private int answers;

  ExchangeServer(Loopback host, OpenSocket listening, int clients) throws IOException {
    bus = host.bus;
    arena = host.arena;
    this.listening = listening;
    this.clients = clients;
    operations = new Operation.Book(bus);
    pool = bus.newPool(4, 300);
  }

  /// Each client tells by a message that it has ended. Returns how many answers were sent whole.
  int serve() throws IOException {
    operations.enqueue(
        bus.inbox(),
        result -> {
          if (result.hasMore()) {
            clients -= (int) result.endInbox();
          }
        });
    operations.enqueue(bus.acceptMany(listening), this::accepted);
    while (clients > 0) {
      operations.step();
    }
    bus.cancelAll();
    operations.awaitAll();
    for (Connection connection : List.copyOf(connections)) {
      connection.close();
    }
    operations.enqueue(bus.close(listening), Result::endClose);
    operations.awaitAll();
    assertEquals(0, pool.inUse());
    pool.close();
    return answers;
  }

  private void accepted(Result result) throws IOException {
    if (result.isFailure() || clients == 0) {
      return; // done() closes what was accepted.
    }
    Connection connection = new Connection(result.endAccept());
    connections.add(connection);
    connection.goOn();
    if (!result.hasMore()) {
      operations.enqueue(bus.acceptMany(listening), this::accepted);
    }
  }

  private final class Connection {

    private final OpenSocket socket;
    private byte[] bytes = new byte[0];
    private final ArrayDeque<MemorySegment> unsent = new ArrayDeque<>();
    private boolean receiving;
    private boolean sending;
    private boolean ended;
    private boolean broken;

    Connection(OpenSocket socket) {
      this.socket = socket;
    }

    private void goOn() throws IOException {
      if (clients == 0) {
        return;
      }
      if (!sending && !broken && !unsent.isEmpty()) {
        sending = true;
        operations.enqueue(bus.sendFully(socket, unsent.remove()), this::sent);
      }
      if (!receiving && !ended && !broken) {
        receiving = true;
        operations.enqueue(bus.recvMany(socket, pool), this::received);
      }
      boolean over = broken || (ended && unsent.isEmpty());
      if (!receiving && !sending && over) {
        close();
      }
    }

    private void received(Result result) throws IOException {
      receiving = result.hasMore();
      try {
        int count = result.endRecv();
        ended = count < 0;
        if (!ended) {
          PoolBuffer buffer = result.buffer();
          append(buffer.memory().toArray(ValueLayout.JAVA_BYTE));
          pool.release(buffer);
        }
      } catch (NoBuffersException e) {
        assert !receiving : "an operation that has failed goes on";
      } catch (BusException e) {
        fail();
      }
      goOn();
    }

    private void append(byte[] received) {
      byte[] all = Arrays.copyOf(bytes, bytes.length + received.length);
      System.arraycopy(received, 0, all, bytes.length, received.length);
      int from = 0;
      byte[] answer = ExchangeFormat.answer(all, from, all.length);
      while (answer != null) {
        unsent.add(arena.allocate(answer.length).copyFrom(MemorySegment.ofArray(answer)));
        from += answer.length;
        answer = ExchangeFormat.answer(all, from, all.length - from);
      }
      bytes = Arrays.copyOfRange(all, from, all.length);
    }

    private void sent(Result result) throws IOException {
      sending = false;
      if (result.isFailure()) {
        fail();
      } else {
        answers++;
      }
      goOn();
    }

    private void fail() throws IOException {
      if (!broken && clients > 0) {
        broken = true;
        bus.cancelAll(socket);
      }
    }

    void close() throws IOException {
      connections.remove(this);
      operations.enqueue(bus.close(socket), this::closed);
    }

    /// One that was cancelled has not closed.
    private void closed(Result result) throws IOException {
      if (result.isFailure()) {
        close();
      }
    }
  }
}
