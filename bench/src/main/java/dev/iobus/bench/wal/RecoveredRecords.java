package dev.iobus.bench.wal;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.storage.wal.RecordConsumer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Takes what a log gives back and compares it with what was appended: the records of each writer
/// come in the order of their numbers, without a gap and with the right bytes, up to the last one
/// that was acknowledged or beyond. They begin with 0, unless the first ones were released. Confined
/// to one thread.
final class RecoveredRecords implements RecordConsumer {

  private final int run;
  private final boolean whole;
  private final long[] first;
  private final long[] next;
  private final MemorySegment expected;
  private long lastEnd;
  private @Nullable String mismatch;

  /// @param run whose records are to be found
  /// @param writers how many wrote
  /// @param length of each record, in bytes
  /// @param whole whether none of them was released
  RecoveredRecords(int run, int writers, int length, boolean whole) {
    this.run = run;
    this.whole = whole;
    this.first = new long[writers];
    this.next = new long[writers];
    this.expected = MemorySegment.ofArray(new byte[length]);
  }

  @Override
  public void record(long lsn, long end, MemorySegment payload) {
    if (mismatch == null) {
      mismatch = compare(lsn, end, payload);
    }
  }

  private @Nullable String compare(long lsn, long end, MemorySegment payload) {
    String at = "the record at LSN " + lsn;
    if (lsn < lastEnd || end <= lsn) {
      return at + " ends at " + end + ", the record before it at " + lastEnd;
    }
    lastEnd = end;
    if (payload.byteSize() != expected.byteSize()) {
      return at + " has " + payload.byteSize() + " bytes, expected " + expected.byteSize();
    }
    int foundRun = LogRecord.run(payload);
    int writer = LogRecord.writer(payload);
    if (foundRun != run || writer < 0 || writer >= next.length) {
      return at + " is of run " + foundRun + " and writer " + writer + ", expected run " + run
          + " and a writer below " + next.length;
    }
    long number = LogRecord.number(payload);
    if (!whole && next[writer] == 0) {
      first[writer] = number;
      next[writer] = number;
    }
    if (number != next[writer]) {
      return at + " is record " + number + " of writer " + writer + ", expected " + next[writer];
    }
    LogRecord.write(expected, run, writer, number);
    long different = expected.mismatch(payload);
    if (different >= 0) {
      return at + ", record " + number + " of writer " + writer + ", differs at byte " + different;
    }
    next[writer]++;
    return null;
  }

  /// Ends the comparison.
  ///
  /// @param acknowledged how many records of each writer were acknowledged
  /// @return how many records there were
  /// @throws MismatchException when one of them was lost, damaged or out of order
  long finish(long[] acknowledged) throws MismatchException {
    String found = mismatch;
    if (found != null) {
      throw new MismatchException(found);
    }
    long sum = 0;
    for (int writer = 0; writer < next.length; writer++) {
      if (next[writer] < acknowledged[writer]) {
        throw new MismatchException(
            "the log lost records of writer " + writer + ": it gave back " + next[writer]
                + ", expected at least " + acknowledged[writer]);
      }
      if (acknowledged[writer] > 0 && first[writer] >= acknowledged[writer]) {
        throw new MismatchException(
            "the log lost records of writer " + writer + ": it gave back " + first[writer]
                + " and later ones, expected " + (acknowledged[writer] - 1));
      }
      sum += next[writer] - first[writer];
    }
    return sum;
  }
}
