package dev.iobus.bench.jmh;

import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
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
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// A lone blocking read of 4 KiB through a shared bus that the kernel's page cache answers.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class SharedBusReadBenchmark {

  private static final int BLOCK_LENGTH = 4_096;
  private static final int BLOCKS = 1_024;

  private @Nullable Running running;

  /// What exists between set-up and tear-down.
  private record Running(Path path, SharedBus bus, OpenFile file) {}

  /// A caller's buffer, and where it reads next.
  @State(Scope.Thread)
  public static class Caller {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(BLOCK_LENGTH, BLOCK_LENGTH);
    private int next;

    @TearDown(Level.Trial)
    public void close() {
      arena.close();
    }
  }

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path path = Files.createTempDirectory("shared-bus-");
    Path file = Files.write(path.resolve("blocks"), new byte[BLOCKS * BLOCK_LENGTH]);
    SharedBus bus = SharedBus.open(BusOptions.defaults());
    running = new Running(path, bus, bus.open(file, OpenFlag.READ));
  }

  @Benchmark
  public int read(Caller caller) throws IOException {
    Running r = running;
    if (r == null) {
      throw new IllegalStateException("not set up");
    }
    long offset = (long) (caller.next++ & BLOCKS - 1) * BLOCK_LENGTH;
    int length = r.bus().read(r.file(), caller.block, offset);
    if (length != BLOCK_LENGTH) {
      throw new IllegalStateException("expected a whole block, got " + length + " bytes");
    }
    return length;
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    Running r = running;
    if (r != null) {
      r.bus().close(r.file());
      r.bus().close();
      DiskUse.remove(r.path());
    }
  }
}
