package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.uring.DisturbedKernel;
import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What busses count.
@Timeout(60)
final class BusStatsTest {

  private static final long SECOND = 1_000_000_000L;

  @TempDir Path directory;

  static Stream<BackendKind> kinds() {
    return Bus.backends().stream()
        .filter(BackendAvailability::available)
        .map(BackendAvailability::kind);
  }

  private static BusOptions options(BackendKind kind) {
    return BusOptions.defaults().withBackend(kind).withCapacity(256);
  }

  private static void endAll(Bus bus, int count) throws IOException {
    int ended = 0;
    while (ended < count) {
      int some = bus.dispatch(1, count, 10 * SECOND, bus::done);
      assertTrue(some > 0, "no result for ten seconds");
      ended += some;
    }
  }

  private static Result run(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    return bus.dispatch();
  }

  private static OpenFile openFile(Bus bus, Path path) throws IOException {
    Result opened = run(bus, bus.open(path));
    OpenFile file = opened.endOpen();
    bus.done(opened);
    return file;
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void requestsAreCountedByOperationAndSubmissionsBySize(BackendKind kind) throws IOException {
    Path path = Files.write(directory.resolve("file"), new byte[8192]);
    try (Bus bus = Bus.open(options(kind));
        Arena arena = Arena.ofShared()) {
      BusStats fresh = bus.stats();
      assertEquals(0, fresh.requestCount());
      assertEquals(List.of(), fresh.submissionSizes());
      assertEquals(0, fresh.meanSubmissionSize());
      OpenFile file = openFile(bus, path);
      for (int i = 0; i < 5; i++) {
        bus.enqueue(bus.nop());
      }
      bus.submit();
      endAll(bus, 5);
      bus.submit(bus.read(file, arena.allocate(4096), 0), bus.nop());
      endAll(bus, 2);
      bus.done(run(bus, bus.dataSync(file)));
      bus.done(run(bus, bus.close(file)));
      BusStats stats = bus.stats();
      assertEquals(
          "{nop=6, read=1, fdatasync=1, open=1, close=1}", stats.requests().toString());
      assertEquals(6, stats.requests("nop"));
      assertEquals(0, stats.requests("write"));
      assertEquals(List.of(3L, 1L, 1L), stats.submissionSizes());
      assertEquals(5, stats.submissionCount());
      assertEquals(2.0, stats.meanSubmissionSize());
      assertEquals(0, fresh.requestCount(), "a snapshot does not change");
      assertThrows(UnsupportedOperationException.class, () -> stats.requests().clear());
      assertEquals(0, stats.droppedResults());
      if (kind != BackendKind.IO_URING) {
        assertEquals(0, stats.submitting().calls() + stats.waiting().calls());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void shortTransfersThatAreResumedAreCounted(BackendKind kind) throws IOException {
    Path path = Files.write(directory.resolve("file"), new byte[100]);
    try (Bus bus = Bus.open(options(kind));
        Arena arena = Arena.ofShared()) {
      OpenFile file = openFile(bus, path);
      Result whole = run(bus, bus.readFully(file, arena.allocate(100), 0));
      assertEquals(100, whole.endReadFully());
      bus.done(whole);
      assertEquals(0, bus.stats().shortTransfers());
      Result toTheEnd = run(bus, bus.readFully(file, arena.allocate(4096), 0));
      assertEquals(100, toTheEnd.endReadFully());
      bus.done(toTheEnd);
      assertEquals(1, bus.stats().shortTransfers());
      assertEquals(3, bus.stats().requests("read"));
      bus.done(run(bus, bus.close(file)));
    }
    try (SharedBus bus = SharedBus.open(options(kind));
        Arena arena = Arena.ofShared()) {
      OpenFile file = bus.open(path);
      IoBatch batch = bus.newBatch(2);
      batch.read(file, arena.allocate(50), 50);
      batch.read(file, arena.allocate(50), 80);
      batch.await();
      assertEquals(20, batch.result(1));
      assertEquals(1, bus.stats().shortTransfers());
      assertEquals(3, bus.stats().requests("read"));
      bus.close(file);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void cancelsAreCounted(BackendKind kind) throws IOException {
    try (Bus bus = Bus.open(options(kind))) {
      Handle one = bus.timeout(Duration.ofDays(1));
      bus.submit(one, bus.timeout(Duration.ofDays(1)));
      bus.submit(bus.cancel(one));
      endAll(bus, 2);
      assertEquals(1, bus.stats().cancels());
      assertEquals(1, bus.cancelAll());
      endAll(bus, 1);
      assertEquals(2, bus.stats().cancels());
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anExhaustedPoolIsCounted(BackendKind kind) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Bus bus = Bus.open(options(kind));
        ServerSocketChannel server = ServerSocketChannel.open().bind(any);
        BufferPool pool = bus.newPool(1, 16)) {
      Result made = run(bus, bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
      OpenSocket socket = made.endSocket();
      bus.done(made);
      bus.done(run(bus, bus.connect(socket, server.getLocalAddress())));
      try (SocketChannel peer = server.accept()) {
        peer.write(ByteBuffer.wrap(new byte[64]));
        Result first = run(bus, bus.recv(socket, pool));
        assertEquals(16, first.endRecv());
        PoolBuffer taken = first.buffer();
        bus.done(first);
        assertEquals(0, bus.stats().poolExhaustions());
        Result second = run(bus, bus.recv(socket, pool));
        assertThrows(NoBuffersException.class, second::endRecv);
        bus.done(second);
        assertEquals(1, bus.stats().poolExhaustions());
        pool.release(taken);
      }
      bus.done(run(bus, bus.close(socket)));
    }
  }

  @Test
  void refusedCallsAreCountedAndNobodyNotices() throws IOException {
    UringBusTest.needsIoUring();
    try (DisturbedKernel kernel = new DisturbedKernel(7);
        Bus bus = Bus.open(options(BackendKind.IO_URING), () -> kernel)) {
      for (int i = 0; i < 300; i++) {
        Result result = run(bus, bus.nop()); // One at a time: none is taken in part.
        assertEquals(0, result.errno());
        bus.done(result);
      }
      BusStats stats = bus.stats();
      BusStats.Enters submitting = stats.submitting();
      BusStats.Enters waiting = stats.waiting();
      assertEquals(
          kernel.disturbances(), submitting.retries() + waiting.retries(), stats::toString);
      assertTrue(submitting.interrupted() + waiting.interrupted() > 0, stats::toString);
      assertTrue(submitting.again() + waiting.again() > 0, stats::toString);
      assertTrue(submitting.busy() + waiting.busy() > 0, stats::toString);
      assertEquals(300, stats.requests("nop"));
      assertTrue(
          submitting.calls() + waiting.calls() - kernel.disturbances() >= 300, stats::toString);
    }
  }

  @Test
  void resultsThatWaitForRoomAreCountedAndNotLost() throws IOException {
    UringBusTest.needsIoUring();
    try (LimitedKernel kernel = new LimitedKernel(List.of(KernelFeature.ROOM_FOR_ALL_RESULTS));
        Bus bus = Bus.open(options(BackendKind.IO_URING), () -> kernel)) {
      for (int i = 0; i < 200; i++) {
        bus.enqueue(bus.nop());
      }
      bus.submit();
      endAll(bus, 200);
      assertTrue(bus.stats().overflows() > 0);
      assertEquals(0, bus.stats().droppedResults());
    }
  }

  /// An operation may have a result, the notification that its memory is free, the end of its deadline
  /// and the answer to its cancel in the queue.
  @ParameterizedTest
  @ValueSource(ints = {5, 64, 80})
  void allResultsOfAFullBusHaveRoom(int capacity) throws IOException {
    UringBusTest.needsIoUring();
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Bus bus = Bus.open(options(BackendKind.IO_URING).withCapacity(capacity));
        Arena arena = Arena.ofShared();
        ServerSocketChannel server = ServerSocketChannel.open().bind(any)) {
      Result made = run(bus, bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
      OpenSocket socket = made.endSocket();
      bus.done(made);
      bus.done(run(bus, bus.connect(socket, server.getLocalAddress())));
      try (SocketChannel peer = server.accept()) {
        for (int round = 0; round < 3; round++) {
          for (int i = 0; i < capacity; i++) {
            Handle send = bus.sendZeroCopy(socket, arena.allocate(64));
            bus.enqueue(send.deadline(Duration.ofMinutes(1)));
            bus.enqueue(bus.cancel(send));
          }
          int last = 0;
          while (last < 2 * capacity) { // The first of these waits submits all.
            Result result = bus.dispatch(10 * SECOND);
            last += requireNonNull(result, "no result").hasMore() ? 0 : 1;
            bus.done(result);
          }
          ByteBuffer into = ByteBuffer.allocate(64 * capacity);
          while (into.hasRemaining() && peer.read(into) > 0) {
            // Room for the next round.
          }
        }
      }
      assertEquals(0, bus.stats().overflows());
      bus.done(run(bus, bus.close(socket)));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void onlyTheOwnerOfAnOpenBusAsks(BackendKind kind) throws Exception {
    Bus bus = Bus.open(options(kind));
    List<Throwable> thrown = new ArrayList<>();
    Thread other =
        Thread.ofVirtual()
            .start(() -> thrown.add(assertThrows(IllegalStateException.class, bus::stats)));
    other.join();
    assertEquals(1, thrown.size());
    bus.close();
    assertThrows(IllegalStateException.class, bus::stats);
    SharedBus shared = SharedBus.open(options(kind));
    shared.close();
    assertThrows(IllegalStateException.class, shared::stats);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void nothingIsLostWhereManyThreadsShareABus(BackendKind kind) throws Exception {
    Path path = Files.write(directory.resolve("file"), new byte[100]);
    try (SharedBus bus = SharedBus.open(options(kind).withCapacity(4))) {
      OpenFile file = bus.open(path);
      List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        Thread.Builder builder = t % 2 == 0 ? Thread.ofVirtual() : Thread.ofPlatform();
        threads.add(
            builder.start(
                () -> {
                  try {
                    for (int i = 0; i < 100; i++) {
                      bus.stat(file);
                    }
                  } catch (IOException e) {
                    failures.add(e);
                  }
                }));
      }
      long before = 0;
      while (threads.stream().anyMatch(Thread::isAlive)) {
        long now = bus.stats().requests("stat");
        assertTrue(now >= before, "counts only rise");
        before = now;
        Thread.onSpinWait();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(List.of(), failures);
      BusStats stats = bus.stats();
      assertEquals(800, stats.requests("stat"));
      assertEquals(801, stats.requestCount());
      assertTrue(stats.submissionCount() <= 801 && stats.submissionCount() > 0);
      bus.close(file);
    }
  }
}
