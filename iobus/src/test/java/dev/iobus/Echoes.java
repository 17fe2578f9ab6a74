package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Connections whose servers send back what they receive. Receives are cancelled and ends are closed at
/// random, also under a receive that waits.
///
/// Confined to the bus thread.
final class Echoes {

  private final OneBus at;
  private final Bus bus;
  private final Random random = new Random(7);

  /// @param at with room for five operations of each connection
  Echoes(OneBus at) {
    this.at = at;
    bus = at.bus();
  }

  /// Until both ends of all connections are closed.
  void run(int connections) throws IOException {
    OpenSocket server = at.listening();
    List<Echo> echoes = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      echoes.add(new Echo(at.connected(server), at.arena(), 1 + random.nextInt(8)));
    }
    for (Echo echo : echoes) {
      echo.receive = receiveOnServer(echo);
      sendFromClient(echo);
    }
    int closes = 0;
    while (closes < 2 * connections) {
      Result result = at.dispatched();
      Part part = (Part) Objects.requireNonNull(result.handle().attachment());
      int count = result.isFailure() ? -result.errno() : 0;
      switch (part.step) {
        case SERVER_RECEIVES, CLIENT_RECEIVES -> count = count < 0 ? count : result.endRecv();
        case SERVER_SENDS, CLIENT_SENDS -> count = count < 0 ? count : result.endSend();
        case CLOSES -> closes++;
        case CANCELS -> {}
      }
      bus.done(result);
      proceed(part.echo, part.step, count);
    }
    while (bus.inFlight() > 0) {
      bus.done(at.dispatched());
    }
    at.closeAll(server);
  }

  private void proceed(Echo echo, Step step, int count) throws IOException {
    boolean cancelled = count == -125;
    switch (step) {
      case SERVER_RECEIVES -> {
        echo.receive = null;
        if (cancelled) {
          echo.receive = receiveOnServer(echo);
        } else if (count > 0) {
          enqueue(bus.send(echo.server, echo.buffer.asSlice(0, count)), echo, Step.SERVER_SENDS);
        } else {
          enqueue(bus.close(echo.server), echo, Step.CLOSES);
        }
      }
      case SERVER_SENDS -> echo.receive = receiveOnServer(echo);
      case CLIENT_SENDS -> {
        assertEquals(echo.length, count);
        receiveOnClient(echo);
        if (echo.receive != null && random.nextInt(8) == 0) {
          enqueue(bus.cancel(echo.receive), echo, Step.CANCELS);
        }
        if (random.nextInt(32) == 0) {
          echo.clientClosed = true;
          enqueue(bus.close(echo.client), echo, Step.CLOSES);
        }
      }
      case CLIENT_RECEIVES -> {
        assertTrue(count > 0, () -> "a receive ended with " + count);
        echo.got += count;
        if (echo.clientClosed) {
          return;
        }
        if (echo.got < echo.length) {
          receiveOnClient(echo);
          return;
        }
        assertEquals(-1, echo.out.asSlice(0, echo.length).mismatch(echo.in.asSlice(0, echo.length)));
        if (--echo.rounds > 0) {
          sendFromClient(echo);
        } else {
          enqueue(bus.close(echo.client), echo, Step.CLOSES);
        }
      }
      case CLOSES, CANCELS -> {}
    }
  }

  private Handle receiveOnServer(Echo echo) throws IOException {
    return enqueue(bus.recv(echo.server, echo.buffer), echo, Step.SERVER_RECEIVES);
  }

  private void receiveOnClient(Echo echo) throws IOException {
    MemorySegment rest = echo.in.asSlice(echo.got, echo.length - echo.got);
    enqueue(bus.recv(echo.client, rest), echo, Step.CLIENT_RECEIVES);
  }

  private void sendFromClient(Echo echo) throws IOException {
    echo.got = 0;
    echo.length = 1 + random.nextInt(64);
    for (int i = 0; i < echo.length; i++) {
      echo.out.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
    }
    enqueue(bus.send(echo.client, echo.out.asSlice(0, echo.length)), echo, Step.CLIENT_SENDS);
  }

  private Handle enqueue(Handle handle, Echo echo, Step step) throws IOException {
    handle.attach(new Part(echo, step));
    bus.enqueue(handle);
    return handle;
  }

  /// One connection.
  private static final class Echo {
    final OpenSocket client;
    final OpenSocket server;
    final MemorySegment out;
    final MemorySegment in;
    final MemorySegment buffer;
    int rounds;
    int length;
    int got;
    boolean clientClosed;
    @Nullable Handle receive;

    Echo(List<OpenSocket> ends, Arena arena, int rounds) {
      client = ends.get(0);
      server = ends.get(1);
      out = arena.allocate(64);
      in = arena.allocate(64);
      buffer = arena.allocate(64);
      this.rounds = rounds;
    }
  }

  private enum Step { SERVER_RECEIVES, SERVER_SENDS, CLIENT_SENDS, CLIENT_RECEIVES, CLOSES, CANCELS }

  private record Part(Echo echo, Step step) {}
}
