package dev.iobus.bench.jmh;

import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.subject.StoreSettings;
import dev.iobus.bench.workload.Records;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/// Puts of 100-byte values at each durability: how much of the log's cost is the disk's.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Threads(8)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class StorePutBenchmark {

  private static final int KEYS = 1_000_000;

  @Param({"SYNCED", "WRITTEN", "BUFFERED"})
  public Durability durability = Durability.SYNCED;

  private final AtomicInteger next = new AtomicInteger();
  private final Records data = new Records(KEYS, 16, 100, 0.5, 1);
  private @Nullable Path directory;
  private @Nullable Store store;

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path created = Files.createTempDirectory("store-put-");
    directory = created;
    store = new StoreSettings(durability, 0, null).open(created);
  }

  @Benchmark
  public void put() throws IOException {
    Store opened = store;
    if (opened == null) {
      throw new IllegalStateException("not set up");
    }
    int index = Math.floorMod(next.getAndIncrement(), KEYS);
    opened.put(data.key(index), data.value(index, 1));
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    if (store != null) {
      store.close();
    }
    if (directory != null) {
      DiskUse.remove(directory);
    }
  }
}
