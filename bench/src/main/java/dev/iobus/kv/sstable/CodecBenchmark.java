package dev.iobus.kv.sstable;

import dev.iobus.bench.workload.Records;
import dev.iobus.storage.file.Checksum;
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

/// What is done with a block of 4 KiB when it is written and loaded: LZ4 in both directions, and the
/// checksum. The bytes are records that compress to half.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class CodecBenchmark {

  private static final int LENGTH = 4_096;
  private static final int RECORD_LENGTH = 116;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment plain = arena.allocate(LENGTH, Long.BYTES);
  private final MemorySegment decoded = arena.allocate(LENGTH, Long.BYTES);
  private final MemorySegment target = arena.allocate(Codec.LZ4.bound(LENGTH), Long.BYTES);
  private MemorySegment compressed = MemorySegment.NULL;

  @Setup(Level.Trial)
  public void fill() {
    Records records = new Records(LENGTH, 16, RECORD_LENGTH, 0.5, 1);
    for (int at = 0, i = 0; at + RECORD_LENGTH <= LENGTH; at += RECORD_LENGTH, i++) {
      MemorySegment.copy(
          MemorySegment.ofArray(records.value(i, 1)), 0, plain, at, RECORD_LENGTH);
    }
    MemorySegment copy = arena.allocate(Codec.LZ4.bound(LENGTH), Long.BYTES);
    compressed = copy.asSlice(0, Codec.LZ4.compress(plain, copy));
  }

  @Benchmark
  public int lz4Compress() {
    return Codec.LZ4.compress(plain, target);
  }

  @Benchmark
  public boolean lz4Decompress() {
    if (!Codec.LZ4.decompress(compressed, decoded)) {
      throw new IllegalStateException("the block does not decode to its length");
    }
    return true;
  }

  @Benchmark
  public int crc32c() {
    return Checksum.of(1, 0, plain, 0, LENGTH);
  }

  @TearDown(Level.Trial)
  public void close() {
    arena.close();
  }
}
