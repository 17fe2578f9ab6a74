package dev.iobus.bench.workload;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.Subject.Direction;
import dev.iobus.bench.subject.Subject.EntryVisitor;

/// Walks over a whole store in which nothing is in flight and compares it with the history: every
/// record that was acknowledged, in a version that may be there, and no other. Confined to one
/// thread.
public final class StoreCheck implements EntryVisitor {

  private final Records records;
  private final WriteHistory history;
  private int due;
  private long present;

  private StoreCheck(Records records, WriteHistory history) {
    this.records = records;
    this.history = history;
  }

  /// Checks everything.
  ///
  /// @return how many records there are
  /// @throws MismatchException at the first difference
  public static long run(Subject subject, Records records, WriteHistory history)
      throws Exception {
    StoreCheck check = new StoreCheck(records, history);
    subject.scan(null, Direction.FORWARD, Long.MAX_VALUE, check);
    check.skipTo(history.count());
    return check.present;
  }

  @Override
  public void visit(byte[] key, byte[] value) throws MismatchException {
    long number = records.numberOf(key);
    if (number < due || number >= history.count()) {
      throw new MismatchException("check: expected record " + due + " or later, met " + number);
    }
    skipTo((int) number);
    history.check(due, history.before(due), records.versionOf(number, value));
    due++;
    present++;
  }

  /// What is not met must not be there.
  private void skipTo(int number) throws MismatchException {
    while (due < number) {
      history.checkAbsent(due, history.before(due));
      due++;
    }
  }
}
