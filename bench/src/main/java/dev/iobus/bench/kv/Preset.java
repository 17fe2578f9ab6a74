package dev.iobus.bench.kv;

import dev.iobus.bench.command.Threads;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.subject.Sync;
import dev.iobus.bench.workload.Workload;
import java.util.ArrayList;
import java.util.List;

/// Rows that belong together, so that everybody runs the same ones.
enum Preset {
  /// Everything that people ask of a store, in a quarter of an hour on two processors.
  STANDARD,
  /// The same with so little data that it takes a minute: whether it works, not how fast.
  SMOKE;

  private static final int SEEK_SHORT = 10;
  private static final int SEEK_LONG = 1_000;

  /// The store's data in bytes for each byte of memory, where it does not fit.
  private static final int LARGE = 4;

  private static final Threads MANY = new Threads(64, Workers.Kind.PLATFORM);
  private static final Threads VIRTUAL = new Threads(1_000, Workers.Kind.VIRTUAL);

  /// The number of records when the user names none.
  int records() {
    return switch (this) {
      case STANDARD -> 250_000;
      case SMOKE -> 20_000;
    };
  }

  /// The memory of each subject when the user names none, in bytes.
  long memoryBytes() {
    return switch (this) {
      case STANDARD -> 96L << 20;
      case SMOKE -> 64L << 20;
    };
  }

  /// Its rows.
  ///
  /// @param data the records of all rows but those whose data does not fit
  List<Row> rows(DataShape data, long memoryBytes) {
    List<Row> rows = new ArrayList<>();
    for (Workload workload : Workload.choices()) {
      switch (workload) {
        case FILLSYNC -> {
          rows.add(row(workload, Threads.ONE, data, memoryBytes));
          rows.add(row(workload, MANY, data, memoryBytes));
          rows.add(row(workload, VIRTUAL, data, memoryBytes));
        }
        case FILLRANDOM -> {
          rows.add(row(workload, Threads.ONE, data, memoryBytes));
          rows.add(
              new Row(
                  workload, Threads.ONE, Sync.BUFFERED, SEEK_SHORT, null, data, memoryBytes));
        }
        case READRANDOM -> {
          rows.add(row(workload, Threads.ONE, data, memoryBytes));
          rows.add(row(workload, VIRTUAL, data, memoryBytes));
          rows.addAll(large(workload, data, memoryBytes));
        }
        case SEEKRANDOM -> {
          rows.add(row(workload, Threads.ONE, data, memoryBytes));
          rows.add(
              new Row(
                  workload,
                  Threads.ONE,
                  workload.usualSync(),
                  SEEK_LONG,
                  null,
                  data,
                  memoryBytes));
        }
        default -> rows.add(row(workload, Threads.ONE, data, memoryBytes));
      }
    }
    return rows;
  }

  private static Row row(Workload workload, Threads threads, DataShape data, long memoryBytes) {
    return new Row(
        workload, threads, workload.usualSync(), SEEK_SHORT, null, data, memoryBytes);
  }

  /// Data that is several times as large as the memory.
  private List<Row> large(Workload workload, DataShape data, long memoryBytes) {
    if (this == SMOKE) {
      return List.of();
    }
    long count = LARGE * memoryBytes / (data.bytes() / data.count());
    DataShape much =
        new DataShape(
            count,
            data.keyBytes(),
            data.valueBytes(),
            data.compressibility(),
            data.compression(),
            data.seed());
    return List.of(
        row(workload, Threads.ONE, much, memoryBytes),
        row(workload, VIRTUAL, much, memoryBytes));
  }
}
