package dev.iobus.simulation;

import static dev.iobus.simulation.Operations.require;

import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenSocket;
import dev.iobus.PoolBuffer;
import dev.iobus.Result;
import dev.iobus.SocketSide;
import dev.iobus.SocketType;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Sends to the server and insists on getting all of it back, in order; connects anew when a connection
/// breaks, which it may only when somebody breaks them.
///
/// Confined to one task.
final class EchoClient {

  private static final int EPIPE = 32;
  private static final int ETIME = 62;
  private static final int ECONNRESET = 104;
  private static final int ECANCELED = 125;

  private static final int CAPACITY = 8;
  private static final int POOL_BUFFERS = 2;
  private static final int POOL_BYTES = 700;

  private final SimScheduler host;
  private final StandardProtocolFamily family;
  private final SocketAddress server;
  private final boolean mayBreak;
  private final int client;
  private int connections;

  /// @param mayBreak whether connections may
  /// @param client its number, of less than 1,000 connections
  EchoClient(
      SimScheduler host,
      StandardProtocolFamily family,
      SocketAddress server,
      boolean mayBreak,
      int client) {
    this.host = host;
    this.family = family;
    this.server = server;
    this.mayBreak = mayBreak;
    this.client = client;
  }

  void run(List<SocketPart> parts) throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus =
            Bus.open(BusOptions.defaults().withScheduler(host).withCapacity(CAPACITY));
        BufferPool pool = bus.newPool(POOL_BUFFERS, POOL_BYTES)) {
      Conversation[] now = {new Conversation(bus, arena, pool)};
      for (SocketPart part : parts) {
        if (!now[0].carryOut(part)) {
          now[0].close();
          now[0] = new Conversation(bus, arena, pool);
        }
      }
      now[0].end();
      now[0].close();
      require(pool.inUse() == 0, pool.inUse() + " buffers are in use");
    }
  }

  /// One connection.
  private final class Conversation {

    private final Bus bus;
    private final Arena arena;
    private final BufferPool pool;
    private final Operations operations;
    private final OpenSocket socket;
    private final int number;

    private long sent;
    private long received;
    private boolean broken;

    /// What is being sent and received; null when nothing is.
    private @Nullable MemorySegment out;
    private @Nullable MemorySegment in;
    private boolean sending;
    private boolean receiving;

    Conversation(Bus bus, Arena arena, BufferPool pool) throws IOException {
      this.bus = bus;
      this.arena = arena;
      this.pool = pool;
      operations = new Operations(bus);
      number = client * 1000 + ++connections;
      OpenSocket[] made = new OpenSocket[1];
      operations.enqueue(bus.socket(family, SocketType.STREAM), r -> made[0] = r.endSocket());
      operations.awaitAll();
      socket = made[0];
      operations.enqueue(bus.connect(socket, server), Result::endConnect);
      operations.awaitAll();
    }

    /// Returns whether the connection can be used on.
    boolean carryOut(SocketPart part) throws IOException {
      switch (part) {
        case SocketPart.Asks asks -> ask(asks.bytes(), asks.way());
        case SocketPart.Thinks thinks -> think(thinks.time());
        case SocketPart.WaitsInVain waits -> waitInVain(waits.deadline());
        case SocketPart.Reconnects _ -> {
          end();
          return false;
        }
        case SocketPart.Fails _ -> throw new IllegalArgumentException("a client cannot " + part);
      }
      return !broken;
    }

    private void think(Duration time) {
      long end = host.nanoTime() + time.toNanos();
      while (host.nanoTime() < end) {
        host.park(end);
      }
    }

    private void ask(int bytes, SocketPart.Way way) throws IOException {
      byte[] content = new byte[bytes];
      for (int i = 0; i < bytes; i++) {
        content[i] = EchoBytes.at(number, sent + i);
      }
      sent += bytes;
      out = arena.allocate(bytes).copyFrom(MemorySegment.ofArray(content));
      in = arena.allocate(bytes);
      while (!broken && (out != null || in != null)) {
        send(way);
        receive(way);
        operations.step();
      }
      operations.awaitAll();
    }

    private void send(SocketPart.Way way) throws IOException {
      MemorySegment rest = out;
      if (rest != null && !sending && !broken) {
        sending = true;
        send(way, rest);
      }
    }

    private void send(SocketPart.Way way, MemorySegment rest) throws IOException {
      Handle handle =
          switch (way) {
            case FULLY -> bus.sendFully(socket, rest);
            case PIECES -> bus.send(socket, rest);
            case LENT -> bus.sendZeroCopy(socket, rest);
            case PARTS -> bus.sendMessage(socket, halves(rest));
          };
      operations.enqueue(
          handle,
          result -> {
            sending = result.hasMore();
            if (result.isFailure()) {
              fail(result.errno());
            } else if (!result.isNotification()) {
              long count =
                  switch (way) {
                    case FULLY -> result.endSendFully();
                    case PIECES, LENT -> result.endSend();
                    case PARTS -> result.endSendMessage();
                  };
              require(way != SocketPart.Way.FULLY || count == rest.byteSize(), "a full send is short");
              out = count < rest.byteSize() ? rest.asSlice(count) : null;
            }
          });
    }

    private void receive(SocketPart.Way way) throws IOException {
      MemorySegment rest = in;
      if (rest != null && !receiving && !broken) {
        receiving = true;
        receive(way, rest);
      }
    }

    private void receive(SocketPart.Way way, MemorySegment rest) throws IOException {
      boolean fits = rest.byteSize() >= POOL_BYTES; // A pool may bring more than is asked for.
      boolean lent = way == SocketPart.Way.LENT && fits;
      Handle handle =
          switch (way) {
            case FULLY -> bus.recvFully(socket, rest);
            case LENT -> fits ? bus.recv(socket, pool) : bus.recv(socket, rest);
            case PIECES, PARTS -> bus.recv(socket, rest);
          };
      operations.enqueue(
          handle,
          result -> {
            receiving = false;
            if (result.isFailure()) {
              fail(result.errno());
              return;
            }
            long count =
                way == SocketPart.Way.FULLY ? result.endRecvFully() : result.endRecv();
            if (count < 0 || (way == SocketPart.Way.FULLY && count < rest.byteSize())) {
              fail(ECONNRESET); // The server has found the connection broken.
            }
            if (count > 0) {
              check(lent ? taken(result) : rest.asSlice(0, count), count);
              in = count < rest.byteSize() ? rest.asSlice(count) : null;
            }
          });
    }

    private MemorySegment taken(Result result) {
      PoolBuffer buffer = result.buffer();
      MemorySegment bytes = MemorySegment.ofArray(buffer.memory().toArray(ValueLayout.JAVA_BYTE));
      pool.release(buffer);
      return bytes;
    }

    private void check(MemorySegment bytes, long count) {
      require(bytes.byteSize() == count, count + " bytes came in " + bytes.byteSize());
      for (long i = 0; i < count; i++) {
        require(
            bytes.get(ValueLayout.JAVA_BYTE, i) == EchoBytes.backAt(number, received),
            "byte " + received + " of connection " + number + " came back as another");
        received++;
      }
    }

    private static MemorySegment[] halves(MemorySegment memory) {
      long half = memory.byteSize() / 2;
      return half == 0
          ? new MemorySegment[] {memory}
          : new MemorySegment[] {memory.asSlice(0, half), memory.asSlice(half)};
    }

    /// Nobody has anything to send: the deadline ends it, or the connection.
    private void waitInVain(Duration deadline) throws IOException {
      MemorySegment nothing = arena.allocate(1);
      operations.enqueue(
          bus.recv(socket, nothing).deadline(deadline),
          result -> {
            int errno = result.errno();
            boolean ended = errno == 0 && result.endRecv() < 0;
            require(errno != 0 || ended, "a byte came that nobody sent");
            if (errno != ETIME) {
              fail(ended ? ECONNRESET : errno);
            }
          });
      operations.awaitAll();
    }

    /// Says that all is sent, and reads to the end.
    void end() throws IOException {
      if (broken) {
        return;
      }
      operations.enqueue(
          bus.shutdown(socket, SocketSide.OUTPUT),
          result -> {
            if (result.isFailure()) {
              broken = true;
              require(mayBreak, "a shutdown failed with " + result.errno());
            }
          });
      operations.awaitAll();
      MemorySegment more = arena.allocate(1);
      operations.enqueue(
          bus.recv(socket, more),
          result ->
              require(
                  result.isFailure() ? mayBreak : result.endRecv() < 0,
                  "more came back than was sent, or " + result.errno()));
      operations.awaitAll();
      require(broken || mayBreak || received == sent, sent + " bytes sent, " + received + " back");
    }

    /// A connection breaks; whatever else fails is a mistake.
    private void fail(int errno) throws IOException {
      boolean breaks = errno == ECONNRESET || errno == EPIPE || (broken && errno == ECANCELED);
      require(breaks && mayBreak, "a transfer failed with " + errno);
      if (!broken) {
        broken = true;
        bus.cancelAll(socket);
      }
    }

    void close() throws IOException {
      operations.enqueue(bus.close(socket), Result::endClose);
      operations.awaitAll();
    }
  }
}
