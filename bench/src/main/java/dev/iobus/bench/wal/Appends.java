package dev.iobus.bench.wal;

import dev.iobus.bench.command.Threads;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// Writers that append to one log, each waiting for its record before it appends the next. As the
/// log grows they release what is far behind, as a store does whose tables say it by now: so
/// segments are used again, and what is measured is not how they are made. The numbers of a run
/// begin at 0 for each writer. Thread-safe.
final class Appends {

  /// One of them; confined to its thread until the run is over.
  private static final class Writer {

    private final MemorySegment record;
    private long acknowledged;
    private long acknowledgedEnd;

    Writer(int length) {
      this.record = MemorySegment.ofArray(new byte[length]);
    }
  }

  private final Wal wal;
  private final Durability durability;
  private final Threads threads;
  private final int run;
  private final Writer[] writers;
  private final long heldBytes;

  /// LSN at which the log begins by now: the end of some record.
  private final AtomicLong heldFrom;

  /// @param run stands in every record
  /// @param length of each record, at least [LogRecord#LENGTH_MIN] bytes
  /// @param heldBytes of the log that are never released
  Appends(
      Wal wal, Durability durability, Threads threads, int run, int length, long heldBytes) {
    this.wal = wal;
    this.durability = durability;
    this.threads = threads;
    this.run = run;
    this.heldBytes = heldBytes;
    this.heldFrom = new AtomicLong(wal.tail());
    this.writers = new Writer[threads.count()];
    for (int i = 0; i < writers.length; i++) {
      writers[i] = new Writer(length);
    }
  }

  /// Appends for `nanos`; what was begun in time is waited for.
  ///
  /// @throws MismatchException when an append was acknowledged too early
  Measurement runFor(long nanos, Progress progress) throws Exception {
    return new Workers(threads.kind(), threads.count(), progress)
        .runFor("wal " + threads.label(), nanos, this::append);
  }

  /// Step `index` is the record `index / n` of writer `index % n`.
  private long append(long index, Stopwatch stopwatch) throws IOException, MismatchException {
    int writerIndex = (int) (index % writers.length);
    long number = index / writers.length;
    Writer writer = writers[writerIndex];
    MemorySegment record = writer.record;
    int length = (int) record.byteSize();
    LogRecord.write(record, run, writerIndex, number);
    long end = wal.append(record, durability);
    stopwatch.stop();
    if (durability == Durability.SYNCED && wal.durableLsn() < end) {
      throw new MismatchException(
          "record " + number + " of writer " + writerIndex + " was acknowledged while the log was"
              + " durable up to LSN " + wal.durableLsn() + ", expected " + end);
    }
    writer.acknowledged = number + 1;
    writer.acknowledgedEnd = end;
    long from = heldFrom.get();
    if (end - from > heldBytes && heldFrom.compareAndSet(from, end)) {
      wal.release(end);
    }
    return length;
  }

  /// Where the log begins; after the run.
  long heldFrom() {
    return heldFrom.get();
  }

  /// How many records of each writer were acknowledged, 0 where all of them were released; after
  /// the run.
  long[] acknowledged() {
    long[] counts = new long[writers.length];
    for (int i = 0; i < counts.length; i++) {
      boolean held = writers[i].acknowledgedEnd > heldFrom.get();
      counts[i] = held ? writers[i].acknowledged : 0;
    }
    return counts;
  }
}
