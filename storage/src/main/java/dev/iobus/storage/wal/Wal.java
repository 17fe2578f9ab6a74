package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.Claim;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/// A write-ahead log: records in, acknowledged in order, and back after a crash. Thread-safe.
///
/// An append takes five steps, so that an engine can decide the order of its writes under a lock
/// of its own and do everything slow outside of it:
///
/// ```java
/// Permit permit = wal.acquire(length);       // may wait for room
/// Place place;
/// commitLock.lock();
/// try {
///   place = wal.reserve(permit);             // never waits, never fails
/// } finally {
///   commitLock.unlock();
/// }
/// place.put(0, payload, 0, length);          // copies
/// place.fill();                              // checksum
/// wal.await(place.end(), Durability.SYNCED); // one sync for all who wait
/// ```
///
/// Who needs no order of its own calls [#append], which does all that. A [WalReader] reads what was
/// appended, also while the log grows.
///
/// After a crash everything that was acknowledged `SYNCED` is there; damage to it is reported as
/// [CorruptionException]. One exception is inherent: nothing tells the last group that was written
/// before a crash from a group that was torn by it, until the log writes the next group, or after
/// 100 ms without writes a mark. Damage to that last group alone looks like a torn tail. After
/// [#close()] there is no such gap.
///
/// An interrupt ends no call here; the flag stays set.
public final class Wal implements AutoCloseable {

  /// The longest record, in bytes.
  public static final int MAX_RECORD_BYTES = WalFormat.MAX_RECORD_BYTES;

  // Constant after construction.
  private final DataDirectory directory;
  private final MemoryBudget budget;
  private final WalTail recovered;
  private final Scheduler.Lock lock;
  private final Appender appender;
  private final GroupCommit commit;
  private final LogProgress progress;
  private final LiveSegments live;
  private final SegmentSupply supply;
  private final WalWriter writer;
  private final LogCounts counts;
  private final LogView view;
  private final LogTasks tasks;
  private final LogClosing closing;

  /// @param recovered how the log had ended
  Wal(
      DataDirectory directory,
      MemoryBudget budget,
      WalTail recovered,
      Scheduler.Lock lock,
      Appender appender,
      GroupCommit commit,
      LogProgress progress,
      LiveSegments live,
      SegmentSupply supply,
      WalWriter writer,
      LogCounts counts,
      LogView view,
      LogTasks tasks,
      LogClosing closing) {
    this.directory = directory;
    this.budget = budget;
    this.recovered = recovered;
    this.lock = lock;
    this.appender = appender;
    this.commit = commit;
    this.progress = progress;
    this.live = live;
    this.supply = supply;
    this.writer = writer;
    this.counts = counts;
    this.view = view;
    this.tasks = tasks;
    this.closing = closing;
  }

  /// Opens a log, or makes a new one when there is none and `start` is [WalStart#NEW].
  ///
  /// Gives every record from `start` on to `consumer`, in LSN order; drops a torn tail; makes
  /// durable what it gave; then begins a new epoch, so that what was dropped never returns.
  ///
  /// @param directory stays the caller's, who closes it after the log
  /// @param start what the owner of the log remembers of it
  /// @param budget pays for the log's buffers: about 2 MiB, and for long records while they
  ///     are written or read
  /// @throws CorruptionException when acknowledged bytes are damaged or missing; some records may
  ///     have been given to `consumer` before
  /// @throws FormatVersionException when a newer version of the library wrote the log
  /// @throws MemoryLimitException when a record needs more memory than the budget has
  /// @throws IllegalArgumentException when the budget does not hold the log's buffers
  /// @throws IllegalStateException when a log of that name is open in the directory, also one that
  ///     has failed and is not closed yet
  /// @throws IOException when reading or writing fails, or the consumer does
  public static Wal open(
      DataDirectory directory,
      WalOptions options,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    return open(directory, LogFiles.of(directory), options, start, budget, consumer);
  }

  /// @param files where the log writes; it reads in the directory
  static Wal open(
      DataDirectory directory,
      LogFiles files,
      WalOptions options,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    return LogOpening.run(directory, files, options, start, budget, consumer);
  }

  /// Reads what is left of a log that [#open] refuses with a [CorruptionException]: gives every record
  /// that is whole, from `start` on, to `consumer`, in LSN order, those behind the damage too, and
  /// tells where records may be missing. A block that the device cannot read counts as damaged.
  ///
  /// It changes nothing: what to do with the records, and whether to go on without those that are
  /// lost, is the owner's decision; a log with another name or in another directory may take them.
  /// Records behind [Salvaged#durableMark()] may never have been acknowledged. The log must not be
  /// open.
  ///
  /// @param directory stays the caller's
  /// @param options of which the name matters alone
  /// @param start what the owner of the log remembers of it; [WalStart#NEW] for all that is there
  /// @param budget pays 1.25 MiB, and for long records, during the call
  /// @throws FormatVersionException when a newer version of the library wrote the log
  /// @throws MemoryLimitException when a record needs more memory than the budget has
  /// @throws IllegalArgumentException when the budget does not hold what is needed to read
  /// @throws IllegalStateException when the log is open
  /// @throws IOException when reading fails other than by the damage of a block, or the consumer does
  public static Salvaged salvage(
      DataDirectory directory,
      WalOptions options,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    Claim claim = directory.claim("log " + options.namePrefix());
    try {
      return WalSalvage.run(directory, options.namePrefix(), start, budget, consumer);
    } finally {
      claim.close();
    }
  }

  /// How the log had ended when it was opened: clean or torn.
  public WalTail recovered() {
    return recovered;
  }

  /// Appends one record: waits for room if there is none, takes the next place, and copies. The
  /// record is then in the log's memory and is written within 10 ms, as with
  /// [Durability#BUFFERED]; [#await], [#whenReached] or [#sync] tell when it is safe.
  ///
  /// @param payload 0 to [#MAX_RECORD_BYTES] bytes, of any kind of memory; not used after the call
  /// @return the LSN just behind the record: what to give to [#await], and to [#release] when the
  ///     record is no longer needed
  /// @throws IllegalArgumentException when the record is too long
  /// @throws IllegalStateException when the log is closed
  /// @throws MemoryLimitException when the record is longer than a group and the budget does not
  ///     hold it
  /// @throws WalFullException when there is no room for another segment, as on a full disk
  /// @throws WalFailedException when the log has failed
  public long append(MemorySegment payload) throws IOException {
    long end = appender.append(payload, Durability.BUFFERED);
    commit.writeSoon();
    return end;
  }

  /// Appends one record and waits until it has that durability.
  ///
  /// @return as [#append(MemorySegment)]
  /// @throws IOException as [#append(MemorySegment)] and [#await]
  public long append(MemorySegment payload, Durability durability) throws IOException {
    Objects.requireNonNull(durability, "durability");
    long end = appender.append(payload, durability);
    commit.await(end, durability);
    return end;
  }

  /// Appends records in this order, with one turn at the log for as many of them as fit into a
  /// group; records of other tasks may come between those that do not. The records are one by one:
  /// a crash may leave the first of them without the last. What must be there wholly or not at all
  /// is one record.
  ///
  /// @param payloads at least one; each as for [#append(MemorySegment)]
  /// @return the LSN just behind the last one
  /// @throws IllegalArgumentException when the list is empty or a record is too long; nothing was
  ///     appended then
  /// @throws IOException as [#append(MemorySegment)]; some of the first records may then be in the
  ///     log
  public long append(List<MemorySegment> payloads) throws IOException {
    long end = appender.append(payloads);
    commit.writeSoon();
    return end;
  }

  /// Waits until the log has room for a record. Call it before any lock under which
  /// [#reserve] is called.
  ///
  /// @param payloadLength bytes of the record, 0 to [#MAX_RECORD_BYTES]
  /// @return the permit; used up by [#reserve], or to be closed
  /// @throws IllegalArgumentException when the length is out of range
  /// @throws IllegalStateException when the log is closed
  /// @throws MemoryLimitException when the record is longer than a group and the budget does not
  ///     hold it
  /// @throws WalFullException when there is no room for another segment, as on a full disk
  /// @throws WalFailedException when the log has failed
  public Permit acquire(int payloadLength) throws IOException {
    return appender.acquire(payloadLength);
  }

  /// Takes the next place in the log. Places follow each other in the order of these calls, which
  /// the caller serialises. Never waits for I/O or another task, and never fails for a permit of
  /// this log.
  ///
  /// @throws IllegalStateException when the permit was used or closed
  public Place reserve(Permit permit) {
    Reservation reservation = (Reservation) permit;
    if (!reservation.isAcquiredFrom(appender)) {
      throw new IllegalStateException("the permit was used, or is another log's");
    }
    appender.reserve(reservation);
    return reservation;
  }

  /// Returns when everything below `lsn` has that durability; for `BUFFERED` that is at once.
  ///
  /// @param lsn 0 to [#tail()]
  /// @throws IllegalArgumentException when it is negative or behind the tail
  /// @throws WalFailedException when the log failed before that; whether the bytes survive is then
  ///     unknown
  public void await(long lsn, Durability durability) throws IOException {
    Objects.requireNonNull(durability, "durability");
    commit.await(lsn, durability);
  }

  /// Runs `callback` when everything below `lsn` has that durability, or never will: on a task of
  /// the log's own, which also writes for those who wait this way while no other task waits.
  ///
  /// Callbacks for one durability run in LSN order. All of them have run when [#close()] returns.
  ///
  /// @param lsn 0 to [#tail()]
  /// @throws IllegalArgumentException when it is negative or behind the tail
  /// @throws IllegalStateException when the log is closed
  public void whenReached(long lsn, Durability durability, AckCallback callback) {
    Objects.requireNonNull(durability, "durability");
    Objects.requireNonNull(callback, "callback");
    tasks.requireAckTask(commit);
    commit.whenReached(lsn, durability, callback);
  }

  /// As [#whenReached(long, Durability, AckCallback)], as a stage that completes with `lsn`, or
  /// exceptionally with a [WalFailedException]. What depends on it runs as the callbacks do, unless
  /// it is asynchronous.
  public CompletionStage<Long> whenReached(long lsn, Durability durability) {
    AckStage stage = new AckStage();
    whenReached(lsn, durability, stage);
    return stage.stage();
  }

  /// Opens a reader at `from`. Needs 1.25 MiB of the log's budget, and memory for each long record
  /// while it is read. It is closed before the log is.
  ///
  /// @param from [#firstLsn()], or what a record's append, place or reader gave as its begin or
  ///     end; at most [#tail()]
  /// @param upTo what it shows: `SYNCED` or `WRITTEN`
  /// @throws WalReleasedException when the log from there on was released and is gone
  /// @throws IllegalArgumentException when `from` is negative or behind the tail, or `upTo` is
  ///     `BUFFERED`, or the budget does not hold the reader's memory
  /// @throws IllegalStateException when the log is closed
  public WalReader reader(long from, Durability upTo) throws WalReleasedException {
    progress.requireWithin(from);
    if (upTo == Durability.BUFFERED) {
      throw new IllegalArgumentException("what is BUFFERED is in no file yet: ask for WRITTEN");
    }
    view.requireOpen();
    view.requireHeld(from);
    return new WalReader(view, directory, from, upTo, budget);
  }

  /// The first LSN that a reader can still read: the begin of the oldest segment that is there.
  public long firstLsn() {
    return view.firstLsn();
  }

  /// Makes everything durable that was reserved before the call; waits for places to be filled.
  ///
  /// @throws IllegalStateException when the log is closed
  /// @throws WalFailedException when the log has failed
  public void sync() throws IOException {
    tasks.requireOpen();
    commit.await(progress.tail(), Durability.SYNCED);
  }

  /// LSN just after the last reserved record: the next one begins there or later.
  public long tail() {
    return progress.tail();
  }

  /// Everything below this LSN is on stable storage.
  public long durableLsn() {
    return progress.durable();
  }

  /// Bytes of log that are held for recovery, padding included.
  public long retainedBytes() {
    lock.lock();
    try {
      return progress.tail() - Math.min(live.heldFrom(), progress.tail());
    } finally {
      lock.unlock();
    }
  }

  /// Says that no record below `lsn` is needed any more, and that the owner's durable memory says
  /// so: the next [#open] will be told to start at `lsn` or behind it. Segments that are wholly
  /// below are used again; readers that are not that far get a [WalReleasedException].
  ///
  /// @param lsn 0 to [#tail()]; below an earlier one it changes nothing
  /// @throws IllegalArgumentException when it is negative or behind the tail
  public void release(long lsn) {
    progress.requireWithin(lsn);
    lock.lock();
    try {
      live.release(lsn);
    } finally {
      lock.unlock();
    }
  }

  /// How groups are made durable and what was measured when that was chosen; one line.
  public String primitive() {
    return writer.primitive();
  }

  /// What the log has done since it was opened.
  public WalStats stats() {
    lock.lock();
    try {
      return counts.stats(supply, writer);
    } finally {
      lock.unlock();
    }
  }

  /// Writes what is buffered and one mark, all durable, and closes; after that, damage anywhere
  /// in the log is told from a torn tail. Places that were reserved must be filled for it to
  /// return. The second call waits for the first and does nothing.
  ///
  /// @throws IllegalStateException when a callback of the log calls this
  /// @throws WalFailedException when the log has failed, now or before: what was not acknowledged
  ///     may be lost
  @Override
  public void close() throws IOException {
    closing.finish();
  }

  /// For tests: closes without writing anything more, so that the files are left as a crash would
  /// leave them.
  void abandon() throws IOException {
    closing.abandon();
  }

  /// For tests: closes the file under the log, so that the next write fails as on a broken device.
  void failForTest() throws IOException {
    writer.breakFile();
  }

  /// For tests: how a group becomes durable.
  AppendPrimitive appendPrimitive() {
    return writer.appendPrimitive();
  }
}
