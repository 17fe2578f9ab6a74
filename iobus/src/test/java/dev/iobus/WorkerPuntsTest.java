package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is counted as done by worker threads of the kernel is done by them.
@Timeout(60)
final class WorkerPuntsTest {

  private static final BusOptions OPTIONS =
      BusOptions.defaults().withBackend(BackendKind.IO_URING).withCapacity(8);

  @TempDir Path directory;

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  private static void run(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    assertEquals(0, result.errno(), result::toString);
    bus.done(result);
  }

  /// Thirteen operations that go to a worker, each beside one that never does.
  private void runAll(Bus bus) throws IOException {
    Path path = directory.resolve("file");
    Files.write(path, new byte[8192]);
    bus.submit(bus.open(path, OpenFlag.READ, OpenFlag.WRITE, OpenFlag.TRUNCATE));
    Result opened = bus.dispatch();
    OpenFile file = opened.endOpen();
    bus.done(opened);
    Path moved = directory.resolve("moved");
    List<Handle> others =
        List.of(
            bus.sync(file),
            bus.dataSync(file),
            bus.syncRange(file, 0, 4096),
            bus.truncate(file, 4096),
            bus.allocate(file, 0, 8192),
            bus.stat(file));
    for (Handle handle : others) {
      run(bus, handle);
      run(bus, bus.nop());
    }
    run(bus, bus.advise(file, 0, 4096, Advice.DONT_NEED));
    run(bus, bus.link(path, directory.resolve("second")));
    run(bus, bus.rename(path, moved));
    run(bus, bus.unlink(moved));
    run(bus, bus.createDirectory(directory.resolve("below")));
    run(bus, bus.create(directory.resolve("created")));
    run(bus, bus.advise(file, 0, 0, Advice.SEQUENTIAL));
    run(bus, bus.close(file));
    Files.delete(directory.resolve("second"));
    Files.delete(directory.resolve("below"));
    Files.delete(directory.resolve("created"));
  }

  @Test
  void operationsThatAlwaysGoToAWorkerAreCounted() throws IOException {
    try (Bus bus = Bus.open(OPTIONS)) {
      for (int i = 0; i < 20; i++) {
        run(bus, bus.nop());
      }
      assertEquals(0, bus.stats().workerPunts());
      runAll(bus);
      assertEquals(13, bus.stats().workerPunts());
      assertTrue(workersOfThisThread() > 0, "no worker of the kernel is to be seen");
    }
  }

  /// They stay for five seconds, and carry the number of the thread that they work for.
  private static int workersOfThisThread() throws IOException {
    String name = "iou-wrk-" + threadId();
    int count = 0;
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path task : tasks) {
        try {
          count += Files.readString(task.resolve("comm")).strip().equals(name) ? 1 : 0;
        } catch (IOException e) {
          // It has ended.
        }
      }
    }
    return count;
  }

  private static String threadId() throws IOException {
    Path task = Files.readSymbolicLink(Path.of("/proc/thread-self"));
    return requireNonNull(task.getFileName()).toString();
  }

  @Test
  void theKernelTracesAsManyAsAreCounted() throws IOException {
    try (Trace trace = Trace.begin();
        Bus bus = Bus.open(OPTIONS)) {
      runAll(bus);
      assertEquals(bus.stats().workerPunts(), trace.count());
    }
  }

  /// What the kernel traces of the calling thread's requests that it hands over, where nobody else
  /// sees it.
  private record Trace(Path instance) implements AutoCloseable {

    private static final Path INSTANCES = Path.of("/sys/kernel/tracing/instances");
    private static final String EVENT = "io_uring_queue_async_work";

    static Trace begin() throws IOException {
      Path instance = INSTANCES.resolve("iobus-" + ProcessHandle.current().pid());
      try {
        Files.createDirectory(instance);
        Path event = instance.resolve("events/io_uring").resolve(EVENT);
        Files.writeString(event.resolve("filter"), "common_pid == " + threadId());
        Files.writeString(event.resolve("enable"), "1");
      } catch (IOException e) {
        Files.deleteIfExists(instance);
        Assumptions.abort("the kernel cannot be traced here: " + e);
      }
      return new Trace(instance);
    }

    long count() throws IOException {
      try (Stream<String> lines = Files.lines(instance.resolve("trace"))) {
        return lines.filter(line -> line.contains(EVENT + ":")).count();
      }
    }

    @Override
    public void close() throws IOException {
      Files.delete(instance);
    }
  }
}
