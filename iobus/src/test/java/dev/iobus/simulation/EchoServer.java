package dev.iobus.simulation;

import static dev.iobus.simulation.Operations.require;

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
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gives back what it receives until all clients have ended: one operation accepts, one for each
/// connection receives into a small pool, one sends.
///
/// Confined to the task that owns the bus.
final class EchoServer {

  private final Bus bus;
  private final OpenSocket listening;
  private final Operations operations;
  private final BufferPool pool;
  private final boolean withoutCopy;
  private final List<Connection> connections = new ArrayList<>();
  private int clients;

  /// @param pool where it receives, closed by the caller
  /// @param withoutCopy whether it sends so
  EchoServer(Bus bus, OpenSocket listening, BufferPool pool, boolean withoutCopy, int clients) {
    this.bus = bus;
    this.listening = listening;
    this.pool = pool;
    this.withoutCopy = withoutCopy;
    this.clients = clients;
    operations = new Operations(bus);
  }

  /// Each client tells by a message that it has ended.
  void serve() throws IOException {
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
    require(pool.inUse() == 0, pool.inUse() + " buffers are in use");
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
    private final Arena arena = Arena.ofShared();
    private final byte[] number = new byte[EchoBytes.NUMBER_BYTES];
    private long received;
    private final ArrayDeque<MemorySegment> unsent = new ArrayDeque<>();
    private boolean receiving;
    private @Nullable MemorySegment sending;
    private boolean inHand;
    private boolean ended;
    private boolean broken;
    private boolean closing;

    Connection(OpenSocket socket) {
      this.socket = socket;
    }

    private void goOn() throws IOException {
      if (clients == 0 || closing) {
        return;
      }
      if (sending == null) {
        sending = unsent.poll();
      }
      MemorySegment next = sending;
      if (!inHand && !broken && next != null) {
        inHand = true;
        operations.enqueue(
            withoutCopy ? bus.sendZeroCopy(socket, next) : bus.send(socket, next), this::sent);
      }
      if (!receiving && !ended && !broken) {
        receiving = true;
        operations.enqueue(bus.recvMany(socket, pool), this::received);
      }
      boolean over = broken || (ended && sending == null);
      if (!receiving && !inHand && over) {
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
          take(buffer.memory().toArray(ValueLayout.JAVA_BYTE));
          pool.release(buffer);
        }
      } catch (NoBuffersException e) {
        require(!receiving, "an operation that has failed goes on");
      } catch (BusException e) {
        fail();
      }
      goOn();
    }

    private void take(byte[] bytes) {
      byte[] back = new byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        if (received < number.length) {
          number[(int) received] = bytes[i];
        } else {
          byte expected = EchoBytes.at(EchoBytes.number(number), received);
          require(
              bytes[i] == expected,
              "byte " + received + " of connection " + EchoBytes.number(number) + " is another");
        }
        received++;
        back[i] = (byte) ~bytes[i];
      }
      unsent.add(arena.allocate(back.length).copyFrom(MemorySegment.ofArray(back)));
    }

    /// What was not sent yet follows when the memory is free again.
    private void sent(Result result) throws IOException {
      inHand = result.hasMore();
      MemorySegment of = sending;
      if (result.isFailure()) {
        fail();
      } else if (!result.isNotification() && of != null) {
        long count = result.endSend();
        sending = count < of.byteSize() ? of.asSlice(count) : null;
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
      closing = true;
      connections.remove(this);
      operations.enqueue(bus.close(socket), this::closed);
    }

    /// One that was cancelled has not closed.
    private void closed(Result result) throws IOException {
      if (result.isFailure()) {
        close();
      } else {
        arena.close();
      }
    }
  }
}
