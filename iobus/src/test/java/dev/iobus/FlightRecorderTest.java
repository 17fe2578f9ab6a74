package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import dev.iobus.uring.RefusingKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What busses tell the flight recorder, and what that costs when nobody listens.
@Timeout(60)
final class FlightRecorderTest {

  @TempDir Path directory;

  private static BusOptions options(BackendKind kind) {
    return BusOptions.defaults().withBackend(kind).withCapacity(32);
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

  /// One recording for all, as each takes a while to begin.
  @Test
  void eventsAreRecorded() throws IOException {
    Path path = Files.write(directory.resolve("file"), new byte[100]);
    Path dump = directory.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("dev.iobus.SlowOperation").withThreshold(Duration.ZERO);
      recording.enable("dev.iobus.Fallback");
      recording.enable("dev.iobus.CancelStorm");
      recording.enable("dev.iobus.PoolExhaustion");
      recording.start();
      ofFiles(path);
      try (Bus bus =
          Bus.open(BusOptions.defaults().withCapacity(4), () -> new RefusingKernel(Errno.EPERM))) {
        assertEquals(BackendKind.NIO, bus.backend());
      }
      ofCancels();
      ofPools();
      recording.stop();
      recording.dump(dump);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(dump);
    List<String> slow =
        events.stream()
            .filter(event -> isNamed(event, "SlowOperation"))
            .filter(event -> event.getString("target").equals(path.toString()))
            .map(
                event ->
                    event.getString("backend")
                        + " "
                        + event.getString("operation")
                        + " "
                        + event.getLong("offset")
                        + " "
                        + event.getLong("result"))
            .toList();
    assertTrue(slow.contains("nio read 40 60"), slow::toString);
    assertTrue(slow.contains("nio readFully 100 100"), slow::toString);
    assertTrue(slow.contains("nio fdatasync 0 0"), slow::toString);
    assertTrue(slow.contains("nio read 50 10"), slow::toString);
    assertFalse(slow.stream().anyMatch(line -> line.contains("recv")), slow::toString);
    assertTrue(
        events.stream()
            .filter(event -> isNamed(event, "Fallback"))
            .anyMatch(event -> event.getString("what").contains("io_uring_setup answered EPERM")),
        events::toString);
    List<RecordedEvent> storms =
        events.stream().filter(event -> isNamed(event, "CancelStorm")).toList();
    assertEquals(1, storms.size(), storms::toString);
    assertEquals(1000, storms.get(0).getInt("cancels"));
    List<RecordedEvent> exhausted =
        events.stream().filter(event -> isNamed(event, "PoolExhaustion")).toList();
    assertEquals(1, exhausted.size(), exhausted::toString);
    assertEquals(1, exhausted.get(0).getInt("buffers"));
    assertEquals(16, exhausted.get(0).getInt("bufferSize"));
    assertEquals("recv", exhausted.get(0).getString("operation"));
  }

  private static boolean isNamed(RecordedEvent event, String name) {
    return event.getEventType().getName().equals("dev.iobus." + name);
  }

  private static void ofFiles(Path path) throws IOException {
    try (Bus bus = Bus.open(options(BackendKind.NIO));
        Arena arena = Arena.ofShared()) {
      OpenFile file = openFile(bus, path);
      bus.done(run(bus, bus.read(file, arena.allocate(100), 40)));
      bus.done(run(bus, bus.readFully(file, arena.allocate(200), 0)));
      bus.done(run(bus, bus.close(file)));
    }
    try (SharedBus bus = SharedBus.open(options(BackendKind.NIO));
        Arena arena = Arena.ofShared()) {
      OpenFile file = bus.open(path, OpenFlag.READ, OpenFlag.WRITE);
      bus.dataSync(file);
      IoBatch batch = bus.newBatch(2);
      batch.read(file, arena.allocate(10), 0);
      batch.read(file, arena.allocate(10), 50);
      batch.await();
      bus.close(file);
    }
  }

  private static void ofCancels() throws IOException {
    try (Bus bus = Bus.open(options(BackendKind.NIO))) {
      for (int i = 0; i < 1010; i++) {
        Handle timeout = bus.timeout(Duration.ofDays(1));
        bus.submit(timeout);
        bus.submit(bus.cancel(timeout));
        bus.done(bus.dispatch());
        bus.done(bus.dispatch());
      }
    }
  }

  private static void ofPools() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (Bus bus = Bus.open(options(BackendKind.NIO));
        ServerSocketChannel server = ServerSocketChannel.open().bind(any);
        BufferPool pool = bus.newPool(1, 16)) {
      Result made = run(bus, bus.socket(StandardProtocolFamily.INET, SocketType.STREAM));
      OpenSocket socket = made.endSocket();
      bus.done(made);
      bus.done(run(bus, bus.connect(socket, server.getLocalAddress())));
      try (SocketChannel peer = server.accept()) {
        peer.write(ByteBuffer.wrap(new byte[64]));
        Result first = run(bus, bus.recv(socket, pool));
        PoolBuffer taken = first.buffer();
        bus.done(first);
        Result second = run(bus, bus.recv(socket, pool));
        assertThrows(NoBuffersException.class, second::endRecv);
        bus.done(second);
        pool.release(taken);
      }
      bus.done(run(bus, bus.close(socket)));
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  /// The least of several, as compilers are not ready at first.
  private static void assertAllocatesNothing(String what, Work work) throws IOException {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 200 && least > 0; i++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      work.run();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, least, () -> "bytes for " + what);
  }

  /// On each way that an operation can take to where its event would be told.
  @Test
  void nothingIsAllocatedWhileNobodyListens() throws IOException {
    UringBusTest.needsIoUring();
    Path path = Files.write(directory.resolve("file"), new byte[4096]);
    try (Bus bus = Bus.open(options(BackendKind.IO_URING));
        SharedBus shared = SharedBus.open(options(BackendKind.IO_URING));
        Arena arena = Arena.ofShared()) {
      ResultSink sink = bus::done;
      assertAllocatesNothing("3,200 nops", () -> nops(bus, sink, 100));
      OpenFile file = openFile(bus, path);
      RegisteredFile slot = bus.register(file);
      MemorySegment memory = arena.allocate(4096);
      assertAllocatesNothing(
          "reads",
          () -> {
            for (int i = 0; i < 500; i++) {
              bus.done(run(bus, bus.read(file, memory, 0)));
              bus.done(run(bus, bus.read(slot, memory, 0)));
            }
          });
      assertAllocatesNothing(
          "full transfers",
          () -> {
            for (int i = 0; i < 500; i++) {
              bus.done(run(bus, bus.readFully(file, memory, 0)));
            }
          });
      // Behind the first one, the second might be a close that has to wait.
      assertAllocatesNothing(
          "full transfers side by side",
          () -> {
            for (int i = 0; i < 500; i++) {
              bus.enqueue(bus.readFully(file, memory, 0));
              bus.enqueue(bus.readFully(slot, memory, 0));
              bus.done(bus.dispatch());
              bus.done(bus.dispatch());
            }
          });
      RegisteredFile sharedSlot = shared.register(file);
      IoBatch batch = shared.newBatch(8);
      assertAllocatesNothing(
          "batches",
          () -> {
            for (int i = 0; i < 100; i++) {
              batch.clear();
              for (int n = 0; n < 8; n++) {
                batch.read(sharedSlot, memory, 0);
              }
              batch.await();
            }
          });
      shared.unregister(sharedSlot);
      bus.unregister(slot);
      bus.done(run(bus, bus.close(file)));
    }
  }

  private static void nops(Bus bus, ResultSink sink, int rounds) throws IOException {
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 32; i++) {
        bus.enqueue(bus.nop());
      }
      int ended = 0;
      while (ended < 32) {
        ended += bus.dispatch(1, 32, Long.MAX_VALUE, sink);
      }
    }
  }

  /// The recorder is a module that a small runtime need not have.
  @Test
  void aBusWorksWithoutTheRecorder() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules=java.base",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                WithoutRecorder.class.getName(),
                directory.resolve("file").toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(child.waitFor(60, TimeUnit.SECONDS));
    assertEquals("wrote 5, read 5, cancelled, counted 1\n", output);
  }

  /// Uses each kind of bus where there is no recorder.
  static final class WithoutRecorder {

    private WithoutRecorder() {}

    public static void main(String[] arguments) throws IOException {
      if (ModuleLayer.boot().findModule("jdk.jfr").isPresent()) {
        throw new AssertionError("the recorder is there");
      }
      BusOptions options = BusOptions.defaults().withCapacity(8);
      try (Arena arena = Arena.ofShared();
          Bus bus = Bus.open(options);
          SharedBus shared = SharedBus.open(options)) {
        Result created = run(bus, bus.create(Path.of(arguments[0])));
        OpenFile file = created.endOpen();
        bus.done(created);
        MemorySegment memory = arena.allocateFrom("hello").asSlice(0, 5);
        Result written = run(bus, bus.write(file, memory, 0, WriteFlag.NONE));
        System.out.print("wrote " + written.endWrite());
        bus.done(written);
        bus.done(run(bus, bus.close(file)));
        OpenFile again = shared.open(Path.of(arguments[0]));
        System.out.print(", read " + shared.read(again, memory, 0));
        shared.close(again);
        Handle timeout = bus.timeout(Duration.ofDays(1));
        bus.submit(timeout);
        bus.submit(bus.cancel(timeout));
        bus.done(bus.dispatch());
        bus.done(bus.dispatch());
        System.out.print(", cancelled, counted " + bus.stats().cancels() + "\n");
      }
    }
  }
}
