package dev.iobus.kv.sstable;

import dev.iobus.bench.workload.Records;
import dev.iobus.bench.workload.Scatter;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
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

/// Looking for one of 34 records in a decoded data block of 4 KiB.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class BlockSeekBenchmark {

  private static final int ENTRIES = 34;

  private final Arena arena = Arena.ofShared();
  private final Records records = new Records(ENTRIES, 16, 100, 0.5, 1);
  private final MemorySegment[] keys = new MemorySegment[ENTRIES];
  private final long[] hashes = new long[ENTRIES];
  private final BlockHit hit = new BlockHit();
  private MemorySegment block = MemorySegment.NULL;
  private long step;

  @Setup(Level.Trial)
  public void write() throws IOException {
    MemoryBudget budget = new MemoryBudget(1 << 20);
    try (MemoryBudget.Account account = budget.open("block", 0);
        BlockWriter writer = new BlockWriter(account)) {
      for (int i = 0; i < ENTRIES; i++) {
        keys[i] = MemorySegment.ofArray(records.key(i));
        hashes[i] = Hash64.of(keys[i]);
        MemorySegment value = MemorySegment.ofArray(records.value(i, 1));
        writer.add(keys[i], InternalKey.tag(1, EntryKind.PUT), hashes[i], value);
      }
      block = arena.allocate(writer.contentLength(ENTRIES), Long.BYTES);
      writer.write(ENTRIES, block);
    }
  }

  @Benchmark
  public boolean search() throws IOException {
    int entry = (int) Scatter.below(Scatter.mix(step++), ENTRIES);
    boolean found =
        hit.reader
            .open(block, "benchmark", 0)
            .search(keys[entry], InternalKey.seekTag(1), hashes[entry], hit);
    if (!found) {
      throw new IllegalStateException("record " + entry + " is not in its block");
    }
    return true;
  }

  @TearDown(Level.Trial)
  public void close() {
    arena.close();
  }
}
