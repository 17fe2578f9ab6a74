package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

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
  private final String log;
  private final Scheduler.Lock lock;
  private final Scheduler.Condition ended;
  private final int groupBytes;
  private final WalTail recovered;
  private final LogMemory memory;
  private final long reservedBytes;
  private final Arena arena;
  private final Room room;
  private final SegmentSupply supply;
  private final WalWriter writer;
  private final GroupCommit commit;
  private final LogTimer timer;

  // Guarded by the lock.
  private int tasks;
  private boolean closing;
  private boolean closed;

  private Wal(
      DataDirectory directory,
      WalOptions options,
      LogMemory memory,
      long reservedBytes,
      Arena arena,
      WalRecovery.Recovered recovered,
      long heldFrom)
      throws IOException {
    SharedBus bus = directory.bus();
    Scheduler scheduler = bus.scheduler();
    int blockSize = directory.blockSize();
    this.log = directory.path().resolve(options.namePrefix()).toString();
    this.lock = scheduler.newLock();
    this.ended = lock.newCondition();
    this.groupBytes = options.groupBytes(blockSize);
    this.recovered = recovered.tail();
    this.memory = memory;
    this.reservedBytes = reservedBytes;
    this.arena = arena;
    boolean synced = options.durability() == Durability.SYNCED;
    boolean direct = synced && directory.directAlignment() > 0;
    MemorySegment zeros = arena.allocate(SegmentSupply.ZERO_BYTES, blockSize);
    MemorySegment headerBlock = arena.allocate(blockSize, blockSize);
    long start = recovered.tail().at();
    this.supply = new SegmentSupply(directory, options, direct, recovered, zeros, lock);
    WalSegment first = supply.prepareFirst();
    try {
      AppendPrimitive primitive =
          synced && !directory.isCopyOnWrite() && AppendPrimitive.canProbe(first, blockSize)
              ? AppendPrimitive.probe(
                  first.file(), blockSize, zeros.asSlice(0, blockSize), scheduler)
              : AppendPrimitive.untried();
      first.begin(start);
      this.writer = new WalWriter(primitive, blockSize, recovered.epoch(), headerBlock, first);
      writer.writeHeader(start);
    } catch (IOException | RuntimeException | Error e) {
      closeAfter(first, e);
      throw e;
    }
    WakeUps wakeUps = new WakeUps(scheduler, lock);
    this.timer = new LogTimer(scheduler, lock, start);
    this.room =
        new Room(groupBytes, blockSize, supply, recovered.live(), first, heldFrom, wakeUps);
    room.addBuffer(arena.allocate(groupBytes, blockSize));
    room.addBuffer(arena.allocate(groupBytes, blockSize));
    GroupWriter leader = new GroupWriter(scheduler, lock, room, writer, wakeUps);
    this.commit =
        new GroupCommit(log, scheduler, lock, synced, room, leader, wakeUps, timer, start);
  }

  private static void closeAfter(WalSegment segment, Throwable cause) {
    try {
      segment.closeFile();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  /// Opens a log, or makes a new one when there is none and `start` is [WalStart#NEW].
  ///
  /// Gives every record from `start` on to `consumer`, in LSN order; drops a torn tail; makes
  /// durable what it gave; then begins a new epoch, so that what was dropped never returns.
  ///
  /// @param directory stays the caller's, who closes it after the log
  /// @param start what the owner of the log remembers of it
  /// @param budget pays for the log's buffers: about 1.5 MiB, and for long records while they
  ///     are written or read
  /// @throws CorruptionException when acknowledged bytes are damaged or missing; some records may
  ///     have been given to `consumer` before
  /// @throws FormatVersionException when a newer version of the library wrote the log
  /// @throws MemoryLimitException when a record needs more memory than the budget has
  /// @throws IllegalArgumentException when the budget does not hold the log's buffers
  /// @throws IOException when reading or writing fails, or the consumer does
  public static Wal open(
      DataDirectory directory,
      WalOptions options,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    int blockSize = directory.blockSize();
    long buffers =
        2L * options.groupBytes(blockSize) + SegmentSupply.ZERO_BYTES + blockSize;
    LogMemory memory =
        new LogMemory(
            budget,
            "log " + options.namePrefix(),
            Math.max(buffers, FrameReader.WINDOW_BYTES));
    Arena arena = null;
    try {
      WalRecovery.Recovered recovered =
          WalRecovery.run(directory, options.namePrefix(), start, memory, consumer);
      memory.reserve(buffers);
      arena = Arena.ofShared();
      Wal wal = new Wal(directory, options, memory, buffers, arena, recovered, start.lsn());
      wal.startTasks(directory.bus().scheduler());
      return wal;
    } catch (IOException | RuntimeException | Error e) {
      if (arena != null) {
        arena.close();
        memory.release(buffers);
      }
      memory.close();
      throw e;
    }
  }

  private void startTasks(Scheduler scheduler) {
    lock.lock();
    try {
      tasks = 2;
      room.openNext();
    } finally {
      lock.unlock();
    }
    scheduler.start("wal-segments", () -> runTask(() -> supply.run(commit::supplied)));
    scheduler.start("wal-timer", () -> runTask(() -> timer.run(commit)));
  }

  private void runTask(Runnable body) {
    try {
      body.run();
    } finally {
      lock.lock();
      tasks--;
      ended.signalAll();
      lock.unlock();
    }
  }

  /// How the log had ended when it was opened: clean or torn.
  public WalTail recovered() {
    return recovered;
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
    if (payloadLength < 0 || payloadLength > MAX_RECORD_BYTES) {
      throw new IllegalArgumentException(
          "a record of %d bytes is not in 0 to %d".formatted(payloadLength, MAX_RECORD_BYTES));
    }
    long frameBytes = WalFormat.frameBytes(payloadLength);
    if (frameBytes <= groupBytes) {
      commit.acquire(frameBytes, false);
      return new Reservation(commit, payloadLength, null);
    }
    LongRecord record = LongRecord.allocate(memory, payloadLength, groupBytes);
    try {
      commit.acquire(frameBytes, true);
    } catch (IOException | RuntimeException | Error e) {
      record.free();
      throw e;
    }
    return new Reservation(commit, payloadLength, record);
  }

  /// Takes the next place in the log. Places follow each other in the order of these calls, which
  /// the caller serialises. Never waits for I/O or another task, and never fails for a permit of
  /// this log.
  ///
  /// @throws IllegalStateException when the permit was used or closed
  public Place reserve(Permit permit) {
    Reservation reservation = (Reservation) permit;
    if (!reservation.isAcquiredFrom(commit)) {
      throw new IllegalStateException("the permit was used, or is another log's");
    }
    commit.reserve(reservation);
    return reservation;
  }

  /// Returns when everything below `lsn` has that durability; for `BUFFERED` that is at once.
  ///
  /// @param lsn at most [#tail()]
  /// @throws WalFailedException when the log failed before that; whether the bytes survive is then
  ///     unknown
  public void await(long lsn, Durability durability) throws IOException {
    commit.await(lsn, durability);
  }

  /// Makes everything durable that was reserved before the call; waits for places to be filled.
  ///
  /// @throws IllegalStateException when the log is closed
  /// @throws WalFailedException when the log has failed
  public void sync() throws IOException {
    requireOpen();
    commit.await(commit.tail(), Durability.SYNCED);
  }

  /// LSN just after the last reserved record: the next one begins there or later.
  public long tail() {
    return commit.tail();
  }

  /// Everything below this LSN is on stable storage.
  public long durableLsn() {
    return commit.durableLsn();
  }

  /// Bytes of log that are held for recovery, padding included.
  public long retainedBytes() {
    lock.lock();
    try {
      return commit.tail() - Math.min(room.heldFrom(), commit.tail());
    } finally {
      lock.unlock();
    }
  }

  /// Says that no record below `lsn` is needed any more, and that the owner's durable memory says
  /// so: the next [#open] will be told to start at `lsn` or behind it. Segments that are wholly
  /// below are used again.
  ///
  /// @param lsn at most [#tail()]
  public void release(long lsn) {
    if (lsn > commit.tail()) {
      throw new IllegalArgumentException("LSN " + lsn + " is behind the tail " + commit.tail());
    }
    lock.lock();
    try {
      room.release(lsn);
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
    return commit.stats(supply);
  }

  /// Writes what is buffered and one mark, all durable, and closes; after that, damage anywhere
  /// in the log is told from a torn tail. Places that were reserved must be filled for it to
  /// return. The second call waits for the first and does nothing.
  ///
  /// @throws WalFailedException when the log has failed, now or before: what was not acknowledged
  ///     may be lost
  @Override
  public void close() throws IOException {
    if (!beginClose()) {
      return;
    }
    Throwable failure = null;
    try {
      commit.finish();
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      end(failure);
    }
  }

  /// Closes without writing anything more: the files are left as a crash would leave them.
  void abandon() throws IOException {
    if (beginClose()) {
      commit.abandon();
      end(null);
    }
  }

  /// Closes the file under the log, so that the next write fails as on a broken device.
  void failForTest() throws IOException {
    writer.breakFile();
  }

  private boolean beginClose() {
    lock.lock();
    try {
      while (closing && !closed) {
        ended.await();
      }
      if (closed) {
        return false;
      }
      closing = true;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void end(@Nullable Throwable failure) throws IOException {
    lock.lock();
    try {
      supply.stop();
      timer.stop();
      while (tasks > 0) {
        ended.await();
      }
    } finally {
      lock.unlock();
    }
    try {
      writer.close();
      room.closeSegments();
      supply.closePrepared();
    } catch (IOException e) {
      if (failure == null) {
        throw e;
      }
      failure.addSuppressed(e);
    } finally {
      try {
        freeMemory();
      } finally {
        lock.lock();
        closed = true;
        ended.signalAll();
        lock.unlock();
      }
    }
  }

  private void freeMemory() {
    LongRecord unwritten = room.longRecord();
    if (unwritten != null) {
      unwritten.free();
    }
    arena.close();
    memory.release(reservedBytes);
    memory.close();
  }

  private void requireOpen() {
    lock.lock();
    try {
      if (closing) {
        throw new IllegalStateException("the log " + log + " is closed");
      }
    } finally {
      lock.unlock();
    }
  }
}
