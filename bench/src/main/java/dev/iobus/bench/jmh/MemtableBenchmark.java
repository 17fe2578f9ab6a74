package dev.iobus.bench.jmh;

import dev.iobus.bench.workload.Records;
import dev.iobus.bench.workload.Scatter;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.MemorySegment;
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

/// A memtable of a million records of 16 and 100 bytes, from one thread: gets of random ones, and puts
/// of random ones into one that grows from empty.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"-Xmx512m", "--enable-native-access=ALL-UNNAMED"})
public class MemtableBenchmark {

  private static final int RECORDS = 1_000_000;
  private static final long CAPACITY = 1L << 30;

  private final Records records = new Records(RECORDS, 16, 100, 0.5, 1);
  private final MemoryBudget budget = new MemoryBudget(3 * CAPACITY);
  private MemoryBudget.@Nullable Account account;
  private @Nullable Memtable full;
  private @Nullable Memtable growing;
  private long sequence;
  private long step;

  @Setup(Level.Trial)
  public void fill() {
    account = budget.open("memtables", 0);
    Memtable made = create();
    for (int i = 0; i < RECORDS; i++) {
      add(made, i);
    }
    full = made;
  }

  private Memtable create() {
    MemoryBudget.Account from = account;
    Memtable made = from == null ? null : Memtable.create(from, CAPACITY);
    if (made == null) {
      throw new IllegalStateException("no memory for a memtable of " + CAPACITY + " bytes");
    }
    return made;
  }

  @Setup(Level.Iteration)
  public void begin() {
    growing = create();
  }

  private void add(Memtable memtable, long number) {
    MemorySegment key = MemorySegment.ofArray(records.key(number));
    MemorySegment value = MemorySegment.ofArray(records.value(number, 1));
    if (!memtable.tryReserve(Memtable.bytesFor((int) key.byteSize(), (int) value.byteSize()))) {
      throw new IllegalStateException("the memtable is full after " + memtable.entries());
    }
    memtable.add(key, InternalKey.tag(++sequence, EntryKind.PUT), value);
  }

  private static Memtable present(@Nullable Memtable memtable) {
    if (memtable == null) {
      throw new IllegalStateException("not set up");
    }
    return memtable;
  }

  @Benchmark
  public Lookup get() throws FormatVersionException {
    long number = Scatter.below(Scatter.mix(step++), RECORDS);
    MemorySegment key = MemorySegment.ofArray(records.key(number));
    return present(full).get(key, InternalKey.SEQUENCE_MAX);
  }

  @Benchmark
  public void put() {
    add(present(growing), Scatter.below(Scatter.mix(step++), RECORDS));
  }

  @TearDown(Level.Iteration)
  public void end() {
    present(growing).close();
  }

  @TearDown(Level.Trial)
  public void close() {
    present(full).close();
  }
}
