package dev.iobus.bench.jmh;

import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.subject.StoreSettings;
import dev.iobus.bench.workload.Records;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
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

/// One get of a 100-byte value whose table is in the page cache, from one thread.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class StoreGetBenchmark {

  private static final long MEMORY_BYTES = 256L << 20;

  /// Entries in the store.
  @Param({"100000"})
  public int entries;

  private final SplittableRandom random = new SplittableRandom(1);
  private @Nullable Path directory;
  private @Nullable Store store;
  private Records data = new Records(1, 16, 100, 0.5, 1);

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path created = Files.createTempDirectory("store-get-");
    Store opened = new StoreSettings(Durability.BUFFERED, MEMORY_BYTES, null).open(created);
    data = new Records(entries, 16, 100, 0.5, 1);
    for (int i = 0; i < entries; i++) {
      opened.put(data.key(i), data.value(i, 1));
    }
    opened.flush();
    directory = created;
    store = opened;
  }

  @Benchmark
  public byte @Nullable [] get() throws IOException {
    Store opened = store;
    if (opened == null) {
      throw new IllegalStateException("not set up");
    }
    int index = random.nextInt(entries);
    byte[] value = opened.get(data.key(index));
    if (value == null || !java.util.Arrays.equals(value, data.value(index, 1))) {
      throw new IllegalStateException("wrong value for key " + index);
    }
    return value;
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
