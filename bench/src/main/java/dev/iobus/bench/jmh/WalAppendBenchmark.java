package dev.iobus.bench.jmh;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.bench.host.DiskUse;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
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
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Appending a record of 100 bytes to a log from one thread: what encoding and copying cost
/// (`BUFFERED`), and what handing the bytes to the kernel adds (`WRITTEN`). The log is truncated as it
/// grows.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class WalAppendBenchmark {

  private static final int RECORD_LENGTH = 100;
  private static final long RETAINED_BYTES = 64L << 20;

  @Param({"BUFFERED", "WRITTEN"})
  public Durability durability = Durability.BUFFERED;

  private final MemorySegment record = MemorySegment.ofArray(new byte[RECORD_LENGTH]);
  private @Nullable Running running;
  private long releasedTo;

  /// What exists between set-up and tear-down.
  private record Running(Path path, SharedBus bus, DataDirectory directory, Wal wal) {}

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path path = Files.createTempDirectory("wal-append-");
    SharedBus bus = SharedBus.open(BusOptions.defaults());
    DataDirectory directory = DataDirectory.open(bus, path);
    Wal wal =
        Wal.open(
            directory,
            WalOptions.defaults().withDurability(durability),
            WalStart.NEW,
            new MemoryBudget(64L << 20),
            (lsn, end, payload) -> {});
    running = new Running(path, bus, directory, wal);
  }

  @Benchmark
  public long append() throws IOException {
    Running r = running;
    if (r == null) {
      throw new IllegalStateException("not set up");
    }
    long end = r.wal().append(record, durability);
    if (end - releasedTo > RETAINED_BYTES) {
      releasedTo = end;
      r.wal().release(end);
    }
    return end;
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    Running r = running;
    if (r != null) {
      r.wal().close();
      r.directory().close();
      r.bus().close();
      DiskUse.remove(r.path());
    }
  }
}
