package dev.iobus.sim;

import static dev.iobus.sim.Loopback.SECOND;
import static dev.iobus.sim.Loopback.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BufferPool;
import dev.iobus.BusException;
import dev.iobus.Handle;
import dev.iobus.OpenSocket;
import dev.iobus.PoolBuffer;
import dev.iobus.Readiness;
import dev.iobus.Result;
import dev.iobus.SocketType;
import dev.iobus.TimedOutException;
import dev.iobus.sim.Loopback.Connection;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// What simulated sockets do that no contract asks for: faults, and what real ones do too rarely to be
/// tested by.
final class SimSocketTest {

  private static final int EMFILE = 24;
  private static final int EPIPE = 32;
  private static final int EADDRINUSE = 98;
  private static final int ECONNRESET = 104;
  private static final int ECONNREFUSED = 111;

  /// Ended by what the simulation has found; returns it.
  private static Throwable found(Executable simulation) {
    AssertionError failure = assertThrows(AssertionError.class, simulation);
    return Objects.requireNonNull(failure.getCause(), failure::toString);
  }

  @Test
  void aSendIsShortWhereItIsTold() throws IOException {
    Faults faults = new Faults();
    faults.shortTransfer(SimOperation.SEND).inFiles("port-4000").at(2);
    Loopback.run(
        1,
        faults,
        host -> {
          Connection ends = host.connect();
          MemorySegment from = host.bytes("0123456789");
          assertEquals(10, host.run(host.bus.send(ends.client(), from), Result::endSend));
          int count = host.run(host.bus.send(ends.client(), from), Result::endSend);
          assertTrue(count > 0 && count < 10, () -> count + " bytes");
          MemorySegment into = host.arena.allocate(10L + count);
          host.run(host.bus.recvFully(ends.accepted(), into), Result::endRecvFully);
          assertEquals("0123456789" + "0123456789".substring(0, count), text(into));
          host.close(ends.client(), ends.accepted());
        });
    assertEquals(1, faults.struck());
  }

  @Test
  void wholeTransfersGoOnAfterShortOnes() throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      Faults faults = new Faults();
      faults.shortTransfer().withOdds(0.8);
      faults.delay(Duration.ofMillis(5)).withOdds(0.3);
      Random random = new Random(seed);
      byte[] content = new byte[60_000];
      random.nextBytes(content);
      Loopback.run(
          seed,
          faults,
          host -> {
            Connection ends = host.connect();
            MemorySegment from = host.arena.allocate(content.length);
            from.copyFrom(MemorySegment.ofArray(content));
            MemorySegment into = host.arena.allocate(content.length);
            host.bus.submit(
                host.bus.sendFully(ends.client(), from), host.bus.recvFully(ends.accepted(), into));
            for (int i = 0; i < 2; i++) {
              Result result = host.dispatched();
              assertEquals(0, result.errno());
              host.bus.done(result);
            }
            assertEquals(-1, into.mismatch(from));
            host.close(ends.client(), ends.accepted());
          });
      assertTrue(faults.struck() > 0, "nothing was short");
    }
  }

  @Test
  void bytesStayInOrderBehindThoseThatAreDelayed() throws IOException {
    Faults faults = new Faults();
    faults.delay(Duration.ofSeconds(50)).inFiles("port-4000").at(2); // Behind the connect.
    SimScheduler scheduler =
        Loopback.run(
            2,
            faults,
            host -> {
              Connection ends = host.connect();
              host.run(host.bus.send(ends.client(), host.bytes("late ")), Result::endSend);
              host.run(host.bus.send(ends.client(), host.bytes("later")), Result::endSend);
              MemorySegment into = host.arena.allocate(10);
              assertNull(receivedWithin(host, ends.accepted(), SECOND / 1000));
              host.run(host.bus.recvFully(ends.accepted(), into), Result::endRecvFully);
              assertEquals("late later", text(into));
              host.close(ends.client(), ends.accepted());
            });
    assertTrue(scheduler.elapsedNanos() > SECOND, "nothing was late");
  }

  private static @Nullable String receivedWithin(Loopback host, OpenSocket socket, long nanos)
      throws IOException {
    MemorySegment into = host.arena.allocate(100);
    Handle receive = host.bus.recv(socket, into).deadline(Duration.ofNanos(nanos));
    try {
      int count = host.run(receive, Result::endRecv);
      return text(into.asSlice(0, count));
    } catch (TimedOutException e) {
      return null;
    }
  }

  @Test
  void aConnectThatIsDelayedMissesItsDeadline() throws IOException {
    Faults faults = new Faults();
    faults.delay(Duration.ofHours(1));
    Loopback.run(
        3,
        faults,
        host -> {
          OpenSocket server = host.listening(4000, 1);
          OpenSocket client = host.socket(SocketType.STREAM);
          Handle connect =
              host.bus.connect(client, Loopback.port(4000)).deadline(Duration.ofMillis(1));
          assertThrows(
              TimedOutException.class,
              () ->
                  host.run(
                      connect,
                      result -> {
                        result.endConnect();
                        return 0;
                      }));
          host.close(client, server);
        });
  }

  @Test
  void datagramsAreLostAndOvertaken() throws IOException {
    Faults faults = new Faults();
    faults.delay(Duration.ofHours(1)).at(1);
    faults.lostDatagram().at(2); // Those that another fault strikes are not counted.
    Loopback.run(
        4,
        faults,
        host -> {
          OpenSocket one = host.bound(4001);
          OpenSocket two = host.bound(4002);
          for (String text : List.of("first", "second", "lost", "last")) {
            host.run(
                host.bus.sendMessage(one, Loopback.port(4002), host.bytes(text)),
                Result::endSendMessage);
          }
          assertEquals("second", host.received(two));
          assertEquals("last", host.received(two));
          assertNull(receivedWithin(host, two, SECOND / 1000));
          Handle late = host.bus.recv(two, host.arena.allocate(10));
          host.bus.submit(late);
          Result result = Objects.requireNonNull(host.bus.dispatch(4000 * SECOND));
          assertEquals(5, result.endRecv());
          host.bus.done(result);
          host.close(one, two);
        });
  }

  @Test
  void aResetIsToldAtBothEnds() throws IOException {
    Faults faults = new Faults();
    faults.reset().at(1);
    Loopback.run(
        5,
        faults,
        host -> {
          Connection ends = host.connect();
          assertEquals(ECONNRESET, host.errno(host.bus.send(ends.client(), host.bytes("x"))));
          assertEquals(EPIPE, host.errno(host.bus.send(ends.client(), host.bytes("x"))));
          MemorySegment into = host.arena.allocate(8);
          assertEquals(ECONNRESET, host.errno(host.bus.recv(ends.accepted(), into)));
          assertNull(host.received(ends.accepted()));
          assertEquals(EPIPE, host.errno(host.bus.send(ends.accepted(), host.bytes("x"))));
          assertTrue(
              host.run(host.bus.poll(ends.accepted(), Readiness.READABLE), Result::endPoll)
                  .containsAll(Set.of(Readiness.READABLE, Readiness.HANGUP)));
          host.close(ends.client(), ends.accepted());
        });
  }

  /// As TCP has it: the other end must not believe that all it has sent was read.
  @Test
  void aCloseWithBytesThatNobodyReadIsAReset() throws IOException {
    Loopback.run(
        6,
        new Faults(),
        host -> {
          Connection ends = host.connect();
          host.run(host.bus.send(ends.client(), host.bytes("unread")), Result::endSend);
          host.run(host.bus.poll(ends.accepted(), Readiness.READABLE), Result::endPoll);
          host.close(ends.accepted());
          MemorySegment into = host.arena.allocate(8);
          assertEquals(ECONNRESET, host.errno(host.bus.recv(ends.client(), into)));
          host.close(ends.client());
        });
  }

  @Test
  void whatIsSentToAClosedSocketIsAnsweredWithAReset() throws IOException {
    Loopback.run(
        7,
        new Faults(),
        host -> {
          Connection ends = host.connect();
          host.close(ends.accepted());
          assertNull(host.received(ends.client()));
          assertEquals(1, host.run(host.bus.send(ends.client(), host.bytes("x")), Result::endSend));
          host.run(host.bus.poll(ends.client(), Readiness.ERROR), Result::endPoll);
          assertEquals(EPIPE, host.errno(host.bus.send(ends.client(), host.bytes("y"))));
          host.close(ends.client());
        });
  }

  @Test
  void whoConnectsWaitsForAPlaceInTheBacklog() throws IOException {
    Loopback.run(
        8,
        new Faults(),
        host -> {
          OpenSocket server = host.listening(4000, 1);
          OpenSocket first = host.socket(SocketType.STREAM);
          OpenSocket second = host.socket(SocketType.STREAM);
          host.ran(host.bus.connect(first, Loopback.port(4000)));
          Handle connect = host.bus.connect(second, Loopback.port(4000));
          host.bus.submit(connect);
          assertNull(host.bus.dispatch(SECOND));
          OpenSocket accepted = null;
          host.bus.submit(host.bus.accept(server));
          for (int i = 0; i < 2; i++) {
            Result result = host.dispatched();
            assertEquals(0, result.errno());
            if (!result.handle().equals(connect)) {
              accepted = result.endAccept();
            }
            host.bus.done(result);
          }
          host.close(server); // The second was never accepted.
          assertEquals(ECONNRESET, host.errno(host.bus.recv(second, host.arena.allocate(1))));
          host.close(first, second, Objects.requireNonNull(accepted));
        });
  }

  @Test
  void aConnectionWaitsForADescriptor() throws IOException {
    Faults faults = new Faults().limitDescriptors(3);
    Loopback.run(
        9,
        faults,
        host -> {
          OpenSocket server = host.listening(4000, 8);
          OpenSocket client = host.socket(SocketType.STREAM);
          host.ran(host.bus.connect(client, Loopback.port(4000)));
          OpenSocket other = host.socket(SocketType.STREAM);
          assertEquals(EMFILE, host.errno(host.bus.accept(server)));
          host.close(other);
          OpenSocket accepted = host.run(host.bus.accept(server), Result::endAccept);
          host.close(client, accepted, server);
        });
  }

  @Test
  void theNameOfASocketOutlivesIt() throws IOException {
    Path path = Loopback.DIRECTORY.resolve("name");
    UnixDomainSocketAddress name = UnixDomainSocketAddress.of(path);
    Loopback.run(
        10,
        new Faults(),
        host -> {
          OpenSocket first = unix(host);
          host.ran(host.bus.bind(first, name));
          host.close(first);
          OpenSocket second = unix(host);
          assertEquals(EADDRINUSE, host.errno(host.bus.bind(second, name)));
          assertEquals(ECONNREFUSED, host.errno(host.bus.connect(second, name)));
          assertThrows(
              BusException.class, () -> host.run(host.bus.open(path), Result::endOpen));
          host.ran(host.bus.unlink(path));
          host.ran(host.bus.bind(second, name));
          host.close(second);
        });
  }

  private static OpenSocket unix(Loopback host) throws IOException {
    return host.run(
        host.bus.socket(StandardProtocolFamily.UNIX, SocketType.STREAM), Result::endSocket);
  }

  /// Results that nobody takes fill the completion queue, which ends an operation with many results.
  @Test
  void aFullQueueEndsManyReceivesAndNothingIsLost() throws IOException {
    Loopback.run(
        11,
        new Faults(),
        host -> {
          Connection ends = host.connect();
          BufferPool pool = host.bus.newPool(1024, 1);
          host.bus.submit(host.bus.recvMany(ends.accepted(), pool));
          byte[] content = new byte[1000];
          new Random(1).nextBytes(content);
          MemorySegment from = host.arena.allocate(content.length);
          from.copyFrom(MemorySegment.ofArray(content));
          host.bus.submit(host.bus.sendFully(ends.client(), from).attach("send"));
          host.scheduler.park(host.scheduler.nanoTime() + SECOND);
          List<Byte> bytes = new ArrayList<>();
          int ended = 0;
          while (bytes.size() < content.length) {
            Result result = host.dispatched();
            if (result.attachment() == null) {
              assertEquals(1, result.endRecv());
              PoolBuffer buffer = result.buffer();
              bytes.add(buffer.memory().get(ValueLayout.JAVA_BYTE, 0));
              pool.release(buffer);
              if (!result.hasMore()) {
                ended++;
                host.bus.enqueue(host.bus.recvMany(ends.accepted(), pool));
              }
            }
            host.bus.done(result);
          }
          assertTrue(ended > 0, "the queue was never full");
          for (int i = 0; i < content.length; i++) {
            assertEquals(content[i], bytes.get(i));
          }
          host.bus.cancelAll();
          host.bus.done(host.dispatched());
          host.close(ends.client(), ends.accepted());
        });
  }

  @Test
  void aBufferThatIsWrittenToAfterItsReleaseIsFound() {
    Throwable failure =
        found(
            () ->
                Loopback.run(
                    12,
                    new Faults(),
                    host -> {
                      Connection ends = host.connect();
                      BufferPool pool = host.bus.newPool(1, 10);
                      host.run(host.bus.send(ends.client(), host.bytes("x")), Result::endSend);
                      PoolBuffer buffer =
                          host.run(host.bus.recv(ends.accepted(), pool), Result::buffer);
                      MemorySegment memory = buffer.memory();
                      pool.release(buffer);
                      memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 0); // Which is the kernel's.
                      host.run(host.bus.send(ends.client(), host.bytes("y")), Result::endSend);
                      host.run(host.bus.recv(ends.accepted(), pool), Result::buffer);
                    }));
    assertTrue(failure.toString().contains("byte 0 of buffer 0 of a pool"), failure::toString);
  }

  @Test
  void memoryThatWaitsForBytesIsWatched() {
    Throwable failure =
        found(
            () ->
                Loopback.run(
                    13,
                    new Faults(),
                    host -> {
                      Connection ends = host.connect();
                      MemorySegment into = host.arena.allocate(8);
                      host.bus.submit(host.bus.recv(ends.accepted(), into));
                      into.set(ValueLayout.JAVA_BYTE, 7, (byte) 0);
                      host.bus.submit(host.bus.send(ends.client(), host.bytes("x")));
                      host.dispatched();
                      host.dispatched();
                    }));
    assertTrue(failure.toString().contains("byte 7 of the memory of a recv"), failure::toString);
  }

  @Test
  void memoryOfAZeroCopySendIsWatchedUntilItsNotification() {
    Throwable failure =
        found(
            () ->
                Loopback.run(
                    14,
                    new Faults(),
                    host -> {
                      Connection ends = host.connect();
                      MemorySegment from = host.bytes("zero copy");
                      host.run(host.bus.sendZeroCopy(ends.client(), from), Result::endSend);
                      from.fill((byte) 'x'); // Too early.
                      host.dispatched();
                    }));
    assertTrue(failure.toString().contains("byte 0 of the memory of a send"), failure::toString);
  }

  @Test
  void theSameSeedDoesTheSame() throws IOException {
    long first = trace(21);
    assertEquals(first, trace(21));
    assertNotEquals(first, trace(22));
  }

  private static long trace(long seed) throws IOException {
    Faults faults = new Faults();
    faults.shortTransfer().withOdds(0.5);
    faults.delay(Duration.ofMillis(1)).withOdds(0.5);
    SimScheduler scheduler =
        Loopback.run(
            seed,
            faults,
            host -> {
              Connection ends = host.connect();
              for (int i = 0; i < 20; i++) {
                MemorySegment into = host.arena.allocate(5);
                host.bus.submit(
                    host.bus.sendFully(ends.client(), host.bytes("12345")),
                    host.bus.recvFully(ends.accepted(), into));
                host.bus.done(host.dispatched());
                host.bus.done(host.dispatched());
                assertEquals("12345", text(into));
              }
              host.close(ends.client(), ends.accepted());
            });
    return scheduler.traceHash();
  }
}
