package dev.iobus.bench.workload;

import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.measure.Workers.Step;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.Subject.Direction;
import dev.iobus.bench.subject.Sync;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One workload on one open subject. Confined to the thread that runs it.
public final class WorkloadRun {

  /// What a user may choose.
  ///
  /// @param workload what is done
  /// @param sync what its writes wait for
  /// @param nexts entries that `seekrandom` walks over behind the one that it seeks
  /// @param distribution how records are chosen; null for what the workload is known for
  /// @param nanos how long it lasts, when it does not end by itself
  /// @param operations at most so many operations; 0 for no bound
  /// @param seed decides all that is random
  public record Plan(
      Workload workload,
      Sync sync,
      int nexts,
      @Nullable Distribution distribution,
      long nanos,
      long operations,
      long seed) {}

  private static final int BATCH_COUNT = 1_000;
  private static final int CRASH_BATCH_COUNT = 10;
  private static final int WALK_COUNT = 10_000;
  private static final int MULTI_GET_COUNT = 32;
  private static final int HOT_SHARE = 100;
  private static final int COMPACT_SHARE = 3;
  private static final int SEEK_AFTER_DELETE_NEXTS = 10;

  /// What ends by itself may take so many times as long as the others.
  public static final int PATIENCE = 5;

  private final Plan plan;
  private final Subject subject;
  private final Records records;
  private final WriteHistory history;
  private final Operations operations;
  private final Workers workers;
  private final int count;

  /// The next record behind the loaded ones that nobody has begun to insert.
  private final AtomicInteger unclaimed;

  /// Records that are there: what is read is chosen among them.
  private final AtomicInteger inserted;

  private final AtomicLong bytesWritten = new AtomicLong();

  /// @param records what the subject holds or shall hold
  /// @param history of the subject, which is brought up to date
  public WorkloadRun(
      Plan plan, Subject subject, Records records, WriteHistory history, Workers workers) {
    this.plan = plan;
    this.subject = subject;
    this.records = records;
    this.history = history;
    this.operations = new Operations(subject, records, history, plan.sync());
    this.workers = workers;
    this.count = Math.toIntExact(records.count());
    int present = firstUnwritten();
    this.unclaimed = new AtomicInteger(present);
    this.inserted = new AtomicInteger(present);
  }

  /// An earlier run on the same subject may have inserted records.
  private int firstUnwritten() {
    int first = count;
    while (first < history.count() && history.isWritten(first)) {
      first++;
    }
    return first;
  }

  /// Bytes of keys and values that measured operations have written.
  public long bytesWritten() {
    return bytesWritten.get();
  }

  /// Prepares what must be there before the measured part, and is not measured.
  public void prepare() throws IOException {
    Stopwatch unmeasured = new Stopwatch();
    switch (plan.workload()) {
      case SEEK_AFTER_DELETE -> {
        for (int i = 0; i < deletedCount(); i += BATCH_COUNT) {
          operations.deleteRange(i, Math.min(BATCH_COUNT, deletedCount() - i));
        }
      }
      case COMPACT -> {
        int[] order = Scatter.shuffled(count, plan.seed());
        int overwritten = count / COMPACT_SHARE;
        for (int i = 0; i < overwritten; i += BATCH_COUNT) {
          int batch = Math.min(BATCH_COUNT, overwritten - i);
          operations.putAll(i, batch, place -> order[place], unmeasured);
        }
      }
      default -> {}
    }
  }

  /// The half at the low end is deleted, at most 100,000 records.
  private int deletedCount() {
    return Math.min(100_000, count / 2);
  }

  /// Runs the measured part.
  ///
  /// @throws dev.iobus.bench.measure.MismatchException when an answer was wrong
  public Measurement run() throws Exception {
    KeyChooser chosen = chooser(Distribution.UNIFORM);
    return switch (plan.workload()) {
      case FILLSEQ -> all(count, (i, watch) -> wrote(operations.put((int) i, watch)));
      case FILLRANDOM -> {
        int[] order = Scatter.shuffled(count, plan.seed());
        yield all(count, (i, watch) -> wrote(operations.put(order[(int) i], watch)));
      }
      case FILLBATCH -> all(batches(BATCH_COUNT), (i, watch) -> wrote(fillBatch(i, watch)));
      case FILLSYNC, OVERWRITE ->
          timed((i, watch) -> wrote(operations.put(number(chosen, i), watch)));
      case UPDATERANDOM -> timed((i, watch) -> update(number(chosen, i), watch));
      case DELETERANDOM -> timed((i, watch) -> wrote(operations.delete(number(chosen, i), watch)));
      case READSEQ -> timed((i, watch) -> walk(i, Direction.FORWARD, watch));
      case READREVERSE -> timed((i, watch) -> walk(i, Direction.BACKWARD, watch));
      case READRANDOM -> timed((i, watch) -> operations.get(number(chosen, i), watch));
      case READMISSING -> timed((i, watch) -> operations.getMissing(number(chosen, i), watch));
      case READHOT -> {
        KeyChooser hot = KeyChooser.uniform(Math.max(1, count / HOT_SHARE));
        yield timed((i, watch) -> operations.get(number(hot, i), watch));
      }
      case MULTIREADRANDOM -> timed((i, watch) -> multiGet(chosen, i, watch));
      case SEEKRANDOM ->
          timed(
              (i, watch) ->
                  operations.walk(
                      number(chosen, i), Direction.FORWARD, 1 + plan.nexts(), watch));
      case READWHILEWRITING -> readWhileWriting(chosen);
      case SEEK_AFTER_DELETE -> {
        KeyChooser deleted = KeyChooser.uniform(Math.max(1, deletedCount()));
        yield timed(
            (i, watch) ->
                operations.walk(
                    number(deleted, i), Direction.FORWARD, 1 + SEEK_AFTER_DELETE_NEXTS, watch));
      }
      case COMPACT ->
          all(
              1,
              (i, watch) -> {
                subject.compact();
                watch.stop();
                return (long) count * records.length();
              });
      case OPEN_AFTER_CRASH ->
          throw new IllegalStateException("opening is measured before there is a subject");
      case YCSB_A, YCSB_B, YCSB_C, YCSB_D, YCSB_E, YCSB_F -> {
        Mix mix = Mix.of(plan.workload());
        yield timed(new MixedSteps(mix, chooser(mix.distribution())));
      }
      case LOAD -> load(BATCH_COUNT);
      case CRASH -> load(CRASH_BATCH_COUNT);
    };
  }

  private Measurement load(int batchCount) throws Exception {
    return all(
        batches(batchCount),
        (i, watch) -> {
          int first = (int) i * batchCount;
          return wrote(operations.putBatch(first, Math.min(batchCount, count - first), watch));
        });
  }

  private int batches(int batchCount) {
    return (count + batchCount - 1) / batchCount;
  }

  private long fillBatch(long index, Stopwatch watch) throws IOException {
    int first = (int) index * BATCH_COUNT;
    return operations.putBatch(first, Math.min(BATCH_COUNT, count - first), watch);
  }

  private long update(int number, Stopwatch watch) throws Exception {
    long bytes = operations.readModifyWrite(number, watch);
    bytesWritten.addAndGet(records.length());
    return bytes;
  }

  private long wrote(long bytes) {
    bytesWritten.addAndGet(bytes);
    return bytes;
  }

  /// Step `i` walks over the `i`-th part of the store, over and over.
  private long walk(long index, Direction direction, Stopwatch watch) throws Exception {
    int parts = (count + WALK_COUNT - 1) / WALK_COUNT;
    int first = (int) (index % parts) * WALK_COUNT;
    int from = direction == Direction.FORWARD ? first : count - 1 - first;
    return operations.walkCounting(from, direction, Math.min(WALK_COUNT, count - first), watch);
  }

  private long multiGet(KeyChooser chosen, long index, Stopwatch watch) throws Exception {
    int[] numbers = new int[MULTI_GET_COUNT];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = number(chosen, index * MULTI_GET_COUNT + i);
    }
    return operations.multiGet(numbers, watch);
  }

  /// One more thread overwrites random records as fast as it can until the readers end.
  private Measurement readWhileWriting(KeyChooser chosen) throws Exception {
    BackgroundWriter writer =
        BackgroundWriter.start(
            index -> wrote(operations.put(number(chosen, index), new Stopwatch())));
    try {
      return timed((i, watch) -> operations.get(number(chosen, i), watch));
    } finally {
      writer.stop();
    }
  }

  private KeyChooser chooser(Distribution usual) {
    Distribution distribution = plan.distribution();
    return (distribution == null ? usual : distribution).over(count, inserted::get);
  }

  /// The record that step `index` is about.
  private int number(KeyChooser chosen, long index) {
    return (int) chosen.choose(Scatter.mix(plan.seed() ^ Scatter.mix(index)));
  }

  private Measurement all(int steps, Step step) throws Exception {
    return workers.run(plan.workload().label(), steps, PATIENCE * plan.nanos(), step);
  }

  private Measurement timed(Step step) throws Exception {
    long steps = plan.operations() == 0 ? Long.MAX_VALUE : plan.operations();
    return workers.run(plan.workload().label(), steps, plan.nanos(), step);
  }

  /// The steps of a YCSB workload.
  private final class MixedSteps implements Step {

    private final Mix mix;
    private final KeyChooser chosen;

    MixedSteps(Mix mix, KeyChooser chosen) {
      this.mix = mix;
      this.chosen = chosen;
    }

    @Override
    public long run(long index, Stopwatch watch) throws Exception {
      long bits = Scatter.mix(Scatter.mix(index) + plan.seed());
      int number = number(chosen, index);
      return switch (mix.kind(Scatter.unit(bits))) {
        case READ -> operations.get(number, watch);
        case UPDATE -> wrote(operations.put(number, watch));
        case INSERT -> insert(number, watch);
        case READ_MODIFY_WRITE -> update(number, watch);
        case WALK -> {
          int length = 1 + (int) Scatter.below(Scatter.mix(bits), Mix.WALK_MAX);
          yield operations.walk(number, Direction.FORWARD, length, watch);
        }
      };
    }

    /// A record behind the last; an update when the history can follow no more.
    private long insert(int otherwise, Stopwatch watch) throws IOException {
      int next = unclaimed.get() < history.count() ? unclaimed.getAndIncrement() : otherwise;
      long bytes = wrote(operations.put(next < history.count() ? next : otherwise, watch));
      publish();
      return bytes;
    }

    /// Records that were acknowledged may be read from now on, in the order in which they were begun.
    private void publish() {
      int next = inserted.get();
      while (next < history.count() && history.isSettled(next)) {
        inserted.compareAndSet(next, next + 1);
        next = inserted.get();
      }
    }
  }
}
