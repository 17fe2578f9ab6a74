package dev.iobus.kv;

import dev.iobus.Scheduler;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Permit;
import dev.iobus.storage.wal.Place;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalFailedException;
import java.io.IOException;

/// The way of a batch from its caller to where readers see it and the log keeps it. Thread-safe.
///
/// ```
/// acquire log room ─┐  commit lock            outside, side by side       in order
/// make memtable room┴→ sequence, log place, → bytes to log and memtable → publish → await
///                      memtable, ring slot                                          durability
/// ```
///
/// Invariants:
/// 1. Sequence, log place, memtable and slot are taken under one hold of the commit lock: their
///    orders are the same, and a memtable is a range of the log.
/// 2. Between reserve and the mark that a commit is done nothing waits, takes memory from the
///    system, or fails; what fails there nevertheless is the end of all writing until the store is
///    opened again.
/// 3. Room in the log is asked for before room in the memtable, and neither is asked for under the
///    commit lock.
final class CommitPipeline {

  /// Commits between reserve and publish.
  private static final int COMMITS_MAX = 1 << 12;

  private final StoreState state;
  private final Wal wal;
  private final Memtables memtables;
  private final CommitRing ring;
  private final Scheduler.Condition slotFreed;
  private final long logBytesMax;

  // Guarded by the commit lock.
  private long lastSequence;

  /// Tasks that wait for a slot; written under the commit lock.
  private volatile int slotWaiters;

  /// @param lastSequence the largest that was ever given out
  /// @param logBytesMax bytes of log after which a memtable is flushed however little it holds
  CommitPipeline(
      StoreState state, Wal wal, Memtables memtables, long lastSequence, long logBytesMax) {
    this.state = state;
    this.wal = wal;
    this.memtables = memtables;
    this.lastSequence = lastSequence;
    this.logBytesMax = logBytesMax;
    this.ring = new CommitRing(state.scheduler, COMMITS_MAX, lastSequence);
    this.slotFreed = memtables.commitLock.newCondition();
    state.onFailure(this::wakeAll);
  }

  /// The last sequence that readers see: all entries up to it are in memtables and tables.
  long published() {
    return ring.published();
  }

  /// Commits a batch of at least one entry. When it returns the batch is visible and has the
  /// durability. An interrupt changes nothing of that.
  ///
  /// @throws StoreFailedException when the store has failed, or fails now: the outcome is unknown
  ///     then
  void commit(WriteBatch batch, Durability durability) throws IOException {
    Permit permit = acquire(batch.sizeBytes());
    long end;
    try {
      end = apply(batch, permit, durability);
    } finally {
      permit.close();
    }
    awaitLog(end, durability);
  }

  /// Waits for room in the log.
  ///
  /// @throws IOException when there is none: nothing is written then
  private Permit acquire(int bytes) throws IOException {
    try {
      return wal.acquire(bytes);
    } catch (WalFailedException e) {
      throw state.fail(e);
    }
  }

  private void awaitLog(long end, Durability durability) throws StoreFailedException {
    try {
      wal.await(end, durability);
    } catch (IOException e) {
      throw state.fail(e);
    }
  }

  /// Waits until all that is published is on stable storage.
  ///
  /// @throws StoreFailedException when the store fails
  void sync() throws IOException {
    try {
      wal.sync();
    } catch (IOException e) {
      throw state.fail(e);
    }
  }

  private long apply(WriteBatch batch, Permit permit, Durability durability)
      throws IOException {
    int count = batch.count();
    LoggedMemtable target = lockWithRoom(batch.memtableBytes());
    boolean locked = true;
    long index;
    long end;
    boolean isLogFull;
    Place place = null;
    try {
      place = wal.reserve(permit);
      long base = lastSequence + 1;
      lastSequence += count;
      end = place.end();
      target.enter(place.lsn(), end, lastSequence);
      index = ring.take(lastSequence);
      isLogFull = end - target.firstLsn() > logBytesMax;
      memtables.commitLock.unlock();
      locked = false;
      fill(batch, base, place, target.memtable);
      ring.done(index);
    } catch (Throwable t) {
      if (locked) {
        memtables.commitLock.unlock();
      }
      StoreFailedException failed = state.fail(t);
      if (place != null) {
        // Or the log would wait for it for ever, and others for the log.
        place.abandon();
      }
      throw failed;
    }
    if (!ring.isPublished(index)) {
      // Commits before this one are not done yet. They are long before this one is durable: who
      // waits for that first waits once, not twice.
      awaitLog(end, durability);
    }
    if (!ring.awaitPublished(index, state)) {
      state.requireWritable();
    }
    if (slotWaiters > 0) {
      signalSlotFreed();
    }
    if (target.exit()) {
      state.signalAll();
    }
    if (isLogFull) {
      awaitLog(end, durability);
      replaceEarly(target);
    }
    return end;
  }

  /// Has a memtable flushed before it is full, for the sake of the log. The commit that finds it due
  /// is published and has its durability: whatever stands in the way here is no failure of that. The
  /// next one finds it due again.
  private void replaceEarly(LoggedMemtable target) {
    try {
      memtables.replace(target, 0);
    } catch (IOException | IllegalStateException later) {
      assert later.getMessage() != null;
    }
  }

  /// Returns with the commit lock held, a slot free, and the bytes reserved in the memtable that is
  /// returned.
  private LoggedMemtable lockWithRoom(long bytes) throws IOException {
    memtables.commitLock.lock();
    boolean keep = false;
    try {
      while (true) {
        state.requireWritable();
        if (!ring.hasFree()) {
          awaitSlot();
          continue;
        }
        LoggedMemtable target = memtables.active();
        if (target.memtable.tryReserve(bytes)) {
          keep = true;
          return target;
        }
        memtables.commitLock.unlock();
        try {
          memtables.replace(target, bytes);
        } finally {
          memtables.commitLock.lock();
        }
      }
    } finally {
      if (!keep) {
        memtables.commitLock.unlock();
      }
    }
  }

  private void awaitSlot() {
    slotWaiters++;
    try {
      // The owner stores FREE and then reads the count; this stores the count and then reads.
      if (!ring.hasFree()) {
        slotFreed.await();
      }
    } finally {
      slotWaiters--;
    }
  }

  private void signalSlotFreed() {
    memtables.commitLock.lock();
    try {
      slotFreed.signalAll();
    } finally {
      memtables.commitLock.unlock();
    }
  }

  private static void fill(WriteBatch batch, long base, Place place, Memtable target)
      throws IOException {
    batch.seal(base);
    place.put(0, batch.record(), 0, batch.sizeBytes());
    place.fill();
    LogRecordReader entries = batch.entries();
    entries.open(0, batch.record(), batch.sizeBytes());
    while (entries.next()) {
      entries.addTo(target);
    }
  }

  private void wakeAll() {
    ring.wakeAll();
    signalSlotFreed();
  }
}
