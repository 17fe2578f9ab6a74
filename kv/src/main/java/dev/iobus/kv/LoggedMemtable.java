package dev.iobus.kv;

import dev.iobus.kv.memtable.Memtable;
import java.util.concurrent.atomic.AtomicInteger;

/// A memtable as a range of the log: what it holds is what the log holds from [#firstLsn] on.
final class LoggedMemtable {

  /// No record is in the memtable yet.
  static final long NONE = -1;

  final Memtable memtable;

  /// Commits that took room and are not published yet. Grows under the commit lock, until sealed.
  private final AtomicInteger writers = new AtomicInteger();

  // Guarded by the commit lock until the memtable is sealed, constant from then on.
  private long firstLsn = NONE;
  private long endLsn = NONE;
  private long lastSequence;

  LoggedMemtable(Memtable memtable) {
    this.memtable = memtable;
  }

  /// A record goes in. Needs the commit lock. Never fails.
  void enter(long lsn, long end, long sequence) {
    writers.incrementAndGet();
    include(lsn, end, sequence);
  }

  /// As [#enter], for a record that recovery adds alone.
  void include(long lsn, long end, long sequence) {
    if (firstLsn == NONE) {
      firstLsn = lsn;
    }
    endLsn = end;
    lastSequence = sequence;
  }

  /// The record is published. True when the memtable was sealed and this was its last writer.
  boolean exit() {
    return writers.decrementAndGet() == 0 && memtable.isSealed();
  }

  boolean hasWriters() {
    return writers.get() != 0;
  }

  boolean isEmpty() {
    return firstLsn == NONE;
  }

  /// Where the first record begins in the log, or [#NONE].
  long firstLsn() {
    return firstLsn;
  }

  /// Just after the last record in the log, or [#NONE].
  long endLsn() {
    return endLsn;
  }

  long lastSequence() {
    return lastSequence;
  }
}
