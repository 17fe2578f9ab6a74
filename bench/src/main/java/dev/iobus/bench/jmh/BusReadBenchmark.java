package dev.iobus.bench.jmh;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.Result;
import dev.iobus.bench.host.DiskUse;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a bus costs per operation: batches that do nothing, and batches of 4 KiB reads that the
/// kernel's page cache answers.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class BusReadBenchmark {

  private static final int BATCH = 32;
  private static final int BLOCK_LENGTH = 4_096;

  @Param({"IO_URING", "NIO"})
  public BackendKind backend = BackendKind.IO_URING;

  private @Nullable Path directory;
  private @Nullable Arena arena;
  private @Nullable Running running;

  /// What exists between set-up and tear-down.
  private record Running(Bus bus, OpenFile file, MemorySegment[] blocks) {}

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path created = Files.createTempDirectory("bus-read-");
    directory = created;
    Path path = created.resolve("blocks");
    Files.write(path, new byte[BATCH * BLOCK_LENGTH]);
    Arena memory = Arena.ofShared();
    arena = memory;
    MemorySegment[] blocks = new MemorySegment[BATCH];
    for (int i = 0; i < BATCH; i++) {
      blocks[i] = memory.allocate(BLOCK_LENGTH, BLOCK_LENGTH);
    }
    Bus bus = Bus.open(BusOptions.defaults().withCapacity(BATCH).withBackend(backend));
    bus.submit(bus.open(path, OpenFlag.READ));
    Result result = bus.dispatch();
    OpenFile file = result.endOpen();
    bus.done(result);
    running = new Running(bus, file, blocks);
  }

  private Running running() {
    if (running == null) {
      throw new IllegalStateException("not set up");
    }
    return running;
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public int nops() throws IOException {
    Bus bus = running().bus();
    for (int i = 0; i < BATCH; i++) {
      bus.enqueue(bus.nop());
    }
    int ended = 0;
    while (ended < BATCH) {
      Result result = bus.dispatch();
      result.endNop();
      bus.done(result);
      ended++;
    }
    return ended;
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long cachedReads() throws IOException {
    Running r = running();
    for (int i = 0; i < BATCH; i++) {
      Handle read = r.bus().read(r.file(), r.blocks()[i], (long) i * BLOCK_LENGTH);
      r.bus().enqueue(read);
    }
    long bytes = 0;
    for (int i = 0; i < BATCH; i++) {
      Result result = r.bus().dispatch();
      bytes += result.endRead();
      r.bus().done(result);
    }
    if (bytes != BATCH * BLOCK_LENGTH) {
      throw new IllegalStateException("expected " + BATCH + " whole blocks, got " + bytes + " bytes");
    }
    return bytes;
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    Running r = running();
    r.bus().submit(r.bus().close(r.file()));
    Result result = r.bus().dispatch();
    result.endClose();
    r.bus().done(result);
    r.bus().close();
    if (arena != null) {
      arena.close();
    }
    if (directory != null) {
      DiskUse.remove(directory);
    }
  }
}
