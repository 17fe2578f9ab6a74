package dev.iobus.kv.sstable;

import dev.iobus.bench.workload.Scatter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
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

/// Asking a filter of a million keys, 10 bits each, for keys that are there and for others.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class BloomFilterBenchmark {

  private static final int KEYS = 1_000_000;
  private static final int BITS_PER_KEY = 10;

  private final Arena arena = Arena.ofShared();
  private final BloomFilter filter =
      new BloomFilter(
          arena.allocate(
              (long) BloomFilter.linesFor(KEYS, BITS_PER_KEY) * BloomFilter.LINE_BYTES,
              BloomFilter.LINE_BYTES),
          BloomFilter.linesFor(KEYS, BITS_PER_KEY),
          BloomFilter.probesFor(BITS_PER_KEY));
  private long step;

  @Setup(Level.Trial)
  public void fill() {
    for (int i = 0; i < KEYS; i++) {
      filter.add(Scatter.mix(i));
    }
  }

  @Benchmark
  public boolean present() {
    step++;
    boolean found = filter.mayContain(Scatter.mix(Scatter.below(Scatter.mix(step), KEYS)));
    if (!found) {
      throw new IllegalStateException("the filter denies a key that it has");
    }
    return true;
  }

  @Benchmark
  public boolean absent() {
    return filter.mayContain(Scatter.mix(KEYS + step++));
  }

  @TearDown(Level.Trial)
  public void close() {
    arena.close();
  }
}
