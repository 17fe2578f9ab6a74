package dev.iobus.bench.workload;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.subject.Subject.Direction;
import dev.iobus.bench.subject.Subject.EntryVisitor;

/// Checks what one walk over a store meets while others may write: the order, each value, and that
/// no record was left out that was loaded and not deleted. Confined to the walk.
final class WalkCheck implements EntryVisitor {

  private final Records records;
  private final WriteHistory history;
  private final int step;
  private int due;
  private long met;

  /// @param from the record at whose key the walk begins
  WalkCheck(Records records, WriteHistory history, int from, Direction direction) {
    this.records = records;
    this.history = history;
    this.due = from;
    this.step = direction == Direction.FORWARD ? 1 : -1;
  }

  @Override
  public void visit(byte[] key, byte[] value) throws MismatchException {
    long number = records.numberOf(key);
    if (number >= history.count() || (number - due) * step < 0) {
      throw new MismatchException("walk: expected record " + due + " or beyond, met " + number);
    }
    skipTo((int) number);
    history.checkMet((int) number, records.versionOf(number, value));
    due = (int) number + step;
    met++;
  }

  /// Records that were inserted or deleted meanwhile may be missing, others not.
  private void skipTo(int number) throws MismatchException {
    while (due != number) {
      if (due < records.count() && history.isSettled(due)) {
        throw new MismatchException("walk: record " + due + " was left out before " + number);
      }
      due += step;
    }
  }

  /// The walk has ended; checks that it did not end too early.
  ///
  /// @param limit how many entries were asked for
  void end(int limit) throws MismatchException {
    if (met < limit) {
      skipTo(step > 0 ? (int) Math.max(due, records.count()) : -1);
    }
  }

  /// Bytes of keys and values that were met.
  long bytes() {
    return met * records.length();
  }
}
