package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// What a bus promises beside, whose backend has a ring: busses that wait on one another, and buffers
/// that are filled piece by piece.
abstract class RingNetworkContract extends NetworkContract {

  @Test
  void aBusWaitsOnAnother() throws IOException {
    OpenFile gone;
    try (Bus inner = open(4)) {
      OpenFile file = inner.busFile();
      assertThrows(IllegalArgumentException.class, () -> ran(bus.close(file)));
      gone = file;
    }
    // It was usable for ever, and its number that of the next file.
    assertTrue(gone.isClosed());
    assertThrows(IllegalStateException.class, () -> bus.poll(gone, Readiness.READABLE));
    try (Bus outer = open(4)) {
      Handle poll = outer.poll(bus.busFile(), Readiness.READABLE);
      outer.submit(poll);
      outer.done(requireNonNull(outer.dispatch(SECOND))); // It is told once to look.
      assertEquals(null, bus.dispatch(0));
      bus.submit(bus.nop(), bus.nop());
      for (int i = 0; i < 2; i++) {
        assertTrue(isReadable(outer));
        bus.done(requireNonNull(bus.dispatch(SECOND)));
      }
      assertEquals(null, bus.dispatch(0));
      assertFalse(isReadable(outer));
    }
  }

  /// Regression: completions that only the owner can bring in did not wake a poll of the ring's own
  /// descriptor, so that a bus that waited on another slept for ever behind a timeout of that.
  @Test
  void aBusThatWaitsOnAnotherIsWokenForWhatEndsByItself() throws IOException {
    try (Bus outer = open(4)) {
      OpenFile file = bus.busFile();
      assertEquals(null, bus.dispatch(0));
      for (int i = 0; i < 5; i++) {
        Handle timeout = bus.timeout(Duration.ofMillis(10));
        bus.submit(timeout);
        outer.submit(outer.poll(file, Readiness.READABLE));
        outer.done(requireNonNull(outer.dispatch(10 * SECOND)));
        Result result = requireNonNull(bus.dispatch(SECOND));
        assertEquals(timeout, result.handle());
        bus.done(result);
        assertEquals(null, bus.dispatch(0));
      }
      bus.submit(bus.inbox());
      assertEquals(null, bus.dispatch(0));
      outer.submit(outer.poll(file, Readiness.READABLE));
      bus.post(42);
      outer.done(requireNonNull(outer.dispatch(10 * SECOND)));
      Result message = requireNonNull(bus.dispatch(SECOND));
      assertEquals(42, message.endInbox());
      bus.done(message);
    }
  }

  /// Regression: a callback that threw kept the bus from telling of the results behind its own, so that
  /// a bus that waited on it slept for ever.
  @Test
  void aCallbackThatThrowsHidesNothingFromABusThatWaits() throws IOException {
    try (Bus outer = open(4)) {
      assertTrue(isReadable(outer)); // It is told once to look.
      bus.serialize(bus.nop().callback(this::refuse), bus.nop());
      assertThrows(IllegalStateException.class, () -> bus.dispatch(SECOND));
      assertTrue(isReadable(outer));
      bus.done(requireNonNull(bus.dispatch(SECOND)));
    }
  }

  /// No completion comes of what the kernel was not given.
  @Test
  void whatLosesItsMemoryWakesABusThatWaits() throws IOException {
    try (Bus outer = open(4)) {
      OpenFile file = openNew(bus, "freed");
      Arena freed = Arena.ofShared();
      Handle read = bus.read(file, freed.allocate(8), 0);
      bus.submit(read);
      assertEquals(read, requireNonNull(bus.dispatch(SECOND)).handle());
      Rearming.prepare(bus, bus.table(), read);
      assertTrue(isReadable(outer)); // It is told once to look.
      assertEquals(null, bus.dispatch(0));
      assertFalse(isReadable(outer));
      freed.close();
      bus.placing().placeRearmed(bus, read);
      assertTrue(isReadable(outer));
      Result result = requireNonNull(bus.dispatch(SECOND));
      assertEquals(Errno.EFAULT, result.errno());
      bus.done(result);
      BusSteps.closeFile(bus, file);
    }
  }

  private void refuse(Result result) {
    bus.done(result);
    throw new IllegalStateException("planted");
  }

  private boolean isReadable(Bus outer) throws IOException {
    Handle poll = outer.poll(bus.busFile(), Readiness.READABLE);
    outer.submit(poll);
    Result result = outer.dispatch(20_000_000);
    boolean readable = result != null;
    if (result == null) {
      outer.cancelAll();
      result = requireNonNull(outer.dispatch(SECOND));
    }
    outer.done(result);
    return readable;
  }

  /// Whether the kernel was not made to have no pools that are filled piece by piece.
  boolean fillsPieceByPiece() {
    return true;
  }

  /// Null where there is none, which must be said, and make no other pool less than it was.
  private @Nullable BufferPool incrementalPool() throws IOException {
    bus.newPool(2, 16).close();
    List<String> before = bus.fallbacks();
    try {
      return bus.newIncrementalPool(2, 16);
    } catch (NotSupportedException refused) {
      assertTrue(refused.toString().contains("use newPool"), refused::toString);
      try (BufferPool pool = bus.newPool(2, 16)) {
        assertFalse(pool.isIncremental());
      }
      assertEquals(before, bus.fallbacks());
      Assumptions.assumeFalse(fillsPieceByPiece(), refused::toString); // Before Linux 6.12.
      return null;
    }
  }

  @Test
  void anIncrementalPoolPutsMessagesBehindOneAnotherOrIsRefused() throws IOException {
    BufferPool pool = incrementalPool();
    assertTrue(pool == null || fillsPieceByPiece());
    if (pool == null) {
      return;
    }
    OpenSocket server = listening();
    List<OpenSocket> ends = connected(server);
    assertTrue(pool.isIncremental());
    long first = 0;
    for (int i = 0; i < 20; i++) {
      run(bus.send(ends.get(0), bytes("1234567")), Result::endSend);
      PoolBuffer buffer =
          run(
              bus.recv(ends.get(1), pool),
              result -> {
                assertTrue(result.endRecv() <= 7);
                return result.buffer();
              });
      String text = text(buffer.memory(), buffer.length());
      if (i == 0) {
        first = buffer.memory().address();
      } else if (i == 1) {
        assertEquals(first + 7, buffer.memory().address());
      }
      pool.release(buffer);
      if (text.length() < 7) {
        PoolBuffer rest = run(bus.recv(ends.get(1), pool), Result::buffer);
        text += text(rest.memory(), rest.length());
        pool.release(rest);
      }
      assertEquals("1234567", text);
    }
    pool.close();
    closeAll(ends.get(0), ends.get(1), server);
  }
}
