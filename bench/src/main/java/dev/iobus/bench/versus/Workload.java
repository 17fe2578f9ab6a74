package dev.iobus.bench.versus;

import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.versus.Subject.Sync;
import java.io.IOException;
import java.util.SplittableRandom;

/// What is done to a subject, under the names that db_bench made common. Immutable.
enum Workload {
  /// Durable puts from one thread.
  FILLSYNC_1("fillsync, 1 thread", Workers.Kind.PLATFORM, 1),
  /// Durable puts from 64 threads of the operating system.
  FILLSYNC_64("fillsync, 64 threads", Workers.Kind.PLATFORM, 64),
  /// Durable puts from 1,000 virtual threads.
  FILLSYNC_1000("fillsync, 1000 virtual", Workers.Kind.VIRTUAL, 1_000),
  /// Every key once, in random order, from one thread; the kernel has the bytes, no sync.
  FILLRANDOM("fillrandom", Workers.Kind.PLATFORM, 1),
  /// Gets in a tenth of the keys, which fits into any cache.
  READRANDOM_CACHED("readrandom, cached tenth", Workers.Kind.PLATFORM, 1),
  /// Gets among all keys.
  READRANDOM("readrandom, all keys", Workers.Kind.PLATFORM, 1);

  private static final int CACHED_SHARE = 10;

  private final String label;
  private final Workers.Kind kind;
  private final int threads;

  Workload(String label, Workers.Kind kind, int threads) {
    this.label = label;
    this.kind = kind;
    this.threads = threads;
  }

  String label() {
    return label;
  }

  /// Whether it wants a store that holds every key.
  boolean reads() {
    return switch (this) {
      case FILLSYNC_1, FILLSYNC_64, FILLSYNC_1000, FILLRANDOM -> false;
      case READRANDOM_CACHED, READRANDOM -> true;
    };
  }

  /// What its puts wait for; those of a workload that reads were written before.
  Sync sync() {
    return switch (this) {
      case FILLSYNC_1, FILLSYNC_64, FILLSYNC_1000 -> Sync.DURABLE;
      case FILLRANDOM, READRANDOM_CACHED, READRANDOM -> Sync.WRITTEN;
    };
  }

  /// Runs it once.
  ///
  /// @param nanos how long, unless the workload ends by itself
  Measurement run(String title, Subject subject, KeyValues data, long nanos, Progress progress)
      throws Exception {
    Workers workers = new Workers(kind, threads, progress);
    int count = data.count();
    return switch (this) {
      case FILLSYNC_1, FILLSYNC_64, FILLSYNC_1000 ->
          workers.runFor(
              title, nanos, (index, watch) -> put(subject, data, scatter(index, count), Sync.DURABLE));
      case FILLRANDOM -> {
        int[] order = shuffled(count);
        yield workers.runAll(
            title, count, (index, watch) -> put(subject, data, order[(int) index], Sync.WRITTEN));
      }
      case READRANDOM_CACHED -> {
        int tenth = Math.max(1, count / CACHED_SHARE);
        yield workers.runFor(
            title, nanos, (index, watch) -> get(subject, data, scatter(index, tenth), watch));
      }
      case READRANDOM ->
          workers.runFor(
              title, nanos, (index, watch) -> get(subject, data, scatter(index, count), watch));
    };
  }

  private static long put(Subject subject, KeyValues data, int index, Sync sync)
      throws IOException {
    subject.put(data.key(index), data.value(index), sync);
    return KeyValues.KEY_LENGTH + KeyValues.VALUE_LENGTH;
  }

  private static long get(Subject subject, KeyValues data, int index, Stopwatch watch)
      throws IOException, MismatchException {
    byte[] found = subject.get(data.key(index));
    watch.stop();
    if (!data.isValue(index, found)) {
      throw new MismatchException(
          "key " + index + ": " + (found == null ? "absent" : "wrong value"));
    }
    return KeyValues.KEY_LENGTH + KeyValues.VALUE_LENGTH;
  }

  /// A number below `count` that neighbouring indexes do not share (Fibonacci hashing).
  private static int scatter(long index, int count) {
    long bits = (index + 1) * 0x9e3779b97f4a7c15L;
    bits = (bits ^ (bits >>> 32)) * 0xd6e8feb86659fd93L;
    return (int) Math.unsignedMultiplyHigh(bits ^ (bits >>> 32), count);
  }

  private static int[] shuffled(int count) {
    SplittableRandom random = new SplittableRandom(count);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
