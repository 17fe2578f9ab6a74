package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.OpenSocket;
import dev.iobus.Result;
import dev.iobus.SocketType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.util.Objects;

/// Sends requests, several at a time, and takes the answers meanwhile; does so again over a new
/// connection when the old one breaks.
///
/// Confined to one task.
final class ExchangeClient {

  private static final int EPIPE = 32;
  private static final int ECONNRESET = 104;
  private static final int ECANCELED = 125;

  private static final int BATCHES = 6;
  private static final int REQUESTS = 3;

  private final SimScheduler scheduler;
  private final int id;
  private final int port;

  ExchangeClient(SimScheduler scheduler, int id, int port) {
    this.scheduler = scheduler;
    this.id = id;
    this.port = port;
  }

  /// One conversation with the server.
  private static final class Call {
    boolean failed;
    long received;
    int running;
  }

  void run() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(BusOptions.defaults().withScheduler(scheduler).withCapacity(8))) {
      Operation.Book operations = new Operation.Book(bus);
      OpenSocket[] socket = {connect(bus, operations)};
      for (int batch = 0; batch < BATCHES; ) {
        byte[] requests = requests(batch);
        MemorySegment out =
            arena.allocate(requests.length).copyFrom(MemorySegment.ofArray(requests));
        MemorySegment in = arena.allocate(requests.length);
        if (exchange(bus, operations, socket[0], out, in)) {
          check(requests, in.toArray(ValueLayout.JAVA_BYTE));
          batch++;
        } else {
          close(bus, operations, socket[0]);
          socket[0] = connect(bus, operations);
        }
      }
      close(bus, operations, socket[0]);
    }
  }

  private byte[] requests(int batch) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < REQUESTS; i++) {
      all.writeBytes(ExchangeFormat.request(id * 1000 + batch * REQUESTS + i));
    }
    return all.toByteArray();
  }

  private static void check(byte[] requests, byte[] answers) {
    int at = 0;
    while (at < requests.length) {
      byte[] answer =
          Objects.requireNonNull(
              ExchangeFormat.answer(requests, at, requests.length - at), "not whole");
      for (int i = 0; i < answer.length; i++) {
        assertEquals(answer[i], answers[at + i], "byte " + (at + i) + " of the answers");
      }
      at += answer.length;
    }
  }

  private OpenSocket connect(Bus bus, Operation.Book operations) throws IOException {
    OpenSocket[] socket = new OpenSocket[1];
    operations.enqueue(
        bus.socket(StandardProtocolFamily.INET, SocketType.STREAM),
        result -> socket[0] = result.endSocket());
    operations.step();
    operations.enqueue(bus.connect(socket[0], Loopback.port(port)), Result::endConnect);
    operations.step();
    return socket[0];
  }

  private static void close(Bus bus, Operation.Book operations, OpenSocket socket)
      throws IOException {
    operations.enqueue(bus.close(socket), Result::endClose);
    operations.awaitAll();
  }

  /// Returns whether all answers came. What is short without an end of the connection is a mistake.
  private static boolean exchange(
      Bus bus, Operation.Book operations, OpenSocket socket, MemorySegment out, MemorySegment in)
      throws IOException {
    Call call = new Call();
    call.running = 2;
    operations.enqueue(
        bus.sendFully(socket, out),
        result -> {
          call.running--;
          if (result.isFailure()) {
            fail(bus, socket, call, result.errno());
          } else {
            assertEquals(out.byteSize(), result.endSendFully());
          }
        });
    operations.enqueue(
        bus.recvFully(socket, in),
        result -> {
          call.running--;
          if (result.isFailure()) {
            fail(bus, socket, call, result.errno());
          } else {
            call.received = result.endRecvFully();
          }
        });
    while (call.running > 0) {
      operations.step();
    }
    if (!call.failed && call.received < in.byteSize()) {
      expectEnd(bus, operations, socket, in.asSlice(call.received), call);
    }
    return !call.failed;
  }

  /// A connection breaks; whatever else fails is a mistake.
  private static void fail(Bus bus, OpenSocket socket, Call call, int errno) throws IOException {
    boolean broken = errno == ECONNRESET || errno == EPIPE || errno == ECANCELED;
    assertTrue(broken, () -> "a transfer failed with " + errno);
    if (!call.failed) {
      call.failed = true;
      bus.cancelAll(socket);
    }
  }

  private static void expectEnd(
      Bus bus, Operation.Book operations, OpenSocket socket, MemorySegment rest, Call call)
      throws IOException {
    operations.enqueue(
        bus.recv(socket, rest),
        result -> {
          call.failed = true;
          boolean ended = result.isFailure() || result.endRecv() < 0;
          assertTrue(ended, "answers were taken for whole that were short");
        });
    operations.step();
  }
}
