package dev.iobus.storage.wal;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.Claim;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Opens a log: recovers it, begins an epoch behind what was recovered, and makes the parts of an
/// open log. Confined to one thread, used once.
final class LogOpening {

  private final DataDirectory directory;
  private final Claim claim;
  private final LogFiles files;
  private final WalOptions options;
  private final MemoryBudget budget;
  private final LogMemory memory;
  private final LogBuffers buffers;
  private final WalRecovery.Recovered recovered;
  private final Scheduler scheduler;
  private final Scheduler.Lock lock;

  private LogOpening(
      DataDirectory directory,
      Claim claim,
      LogFiles files,
      WalOptions options,
      MemoryBudget budget,
      LogMemory memory,
      LogBuffers buffers,
      WalRecovery.Recovered recovered) {
    this.directory = directory;
    this.claim = claim;
    this.files = files;
    this.options = options;
    this.budget = budget;
    this.memory = memory;
    this.buffers = buffers;
    this.recovered = recovered;
    this.scheduler = directory.bus().scheduler();
    this.lock = scheduler.newLock();
  }

  /// As [Wal#open].
  ///
  /// @param files where the log writes; it reads in the directory
  static Wal run(
      DataDirectory directory,
      LogFiles files,
      WalOptions options,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    Claim claim = directory.claim("log " + options.namePrefix());
    try {
      return run(directory, claim, files, options, start, budget, consumer);
    } catch (IOException | RuntimeException | Error e) {
      claim.close();
      throw e;
    }
  }

  private static Wal run(
      DataDirectory directory,
      Claim claim,
      LogFiles files,
      WalOptions options,
      WalStart start,
      MemoryBudget budget,
      RecordConsumer consumer)
      throws IOException {
    int blockSize = directory.blockSize();
    int groupBytes = options.groupBytes(blockSize);
    LogMemory memory =
        new LogMemory(
            budget,
            "log " + options.namePrefix(),
            Math.max(LogBuffers.bytes(groupBytes, blockSize), FrameReader.WINDOW_BYTES));
    LogBuffers buffers = null;
    try {
      WalRecovery.Recovered recovered =
          WalRecovery.run(directory, options.namePrefix(), start, memory, consumer);
      buffers = new LogBuffers(directory.bus(), memory, groupBytes, blockSize);
      return new LogOpening(directory, claim, files, options, budget, memory, buffers, recovered)
          .begin(start.lsn());
    } catch (IOException | RuntimeException | Error e) {
      if (buffers != null) {
        buffers.close();
      }
      try {
        memory.close();
      } catch (IllegalStateException leak) {
        e.addSuppressed(leak);
      }
      throw e;
    }
  }

  /// @param heldFrom LSN from which on the owner needs the log
  private Wal begin(long heldFrom) throws IOException {
    boolean synced = options.durability() == Durability.SYNCED;
    boolean direct = synced && directory.directAlignment() > 0;
    SegmentSupply supply =
        new SegmentSupply(directory, files, options, direct, recovered, buffers.zeros(), lock);
    WalSegment first = supply.prepareFirst();
    try {
      AppendPrimitive primitive =
          synced && !directory.isCopyOnWrite() && AppendProbe.fits(first, directory.blockSize())
              ? AppendProbe.run(first, supply, files, block(), scheduler)
              : AppendPrimitive.untried(direct);
      long start = recovered.tail().at();
      first.begin(start);
      WalWriter writer =
          new WalWriter(
              primitive,
              directory.blockSize(),
              recovered.epoch(),
              buffers.headerBlock(),
              first);
      writer.writeHeader(start);
      LiveSegments live =
          new LiveSegments(supply, recovered.live(), first, heldFrom, options.retainBytes());
      return assemble(supply, first, live, writer);
    } catch (IOException | RuntimeException | Error e) {
      closeAfter(first, e);
      throw e;
    }
  }

  private MemorySegment block() {
    return buffers.zeros().asSlice(0, directory.blockSize());
  }

  private Wal assemble(
      SegmentSupply supply, WalSegment first, LiveSegments live, WalWriter writer) {
    String log = directory.path().resolve(options.namePrefix()).toString();
    int blockSize = directory.blockSize();
    int groupBytes = options.groupBytes(blockSize);
    boolean synced = options.durability() == Durability.SYNCED;
    long start = recovered.tail().at();
    LogState state = new LogState(log);
    LogProgress progress = new LogProgress(lock, state, start);
    LogCounts counts = new LogCounts();
    AckTask acks = new AckTask(lock);
    WakeUps wakeUps = new WakeUps(scheduler, acks);
    LogTimer timer = new LogTimer(scheduler, lock, start);
    WriteWatch watch = new WriteWatch(scheduler, lock);
    GroupPlaces places = new GroupPlaces(groupBytes, blockSize, supply, live, first);
    Room room = new Room(groupBytes, supply, places, wakeUps);
    for (GroupBuffer buffer : buffers.groups()) {
      room.addBuffer(buffer);
    }
    GroupWriter leader =
        new GroupWriter(
            scheduler, lock, state, room, places, live, writer, wakeUps, counts);
    AckWaiters waiting = new AckWaiters();
    FlightLine line = new FlightLine(counts);
    Leadership leadership = new Leadership(state, waiting, room, leader, line, wakeUps);
    Scheduler.Condition change = lock.newCondition();
    Flights flights =
        new Flights(
            log, scheduler, lock, change, state, progress, room, leader, wakeUps, timer, watch,
            waiting, line, leadership);
    GroupCommit commit =
        new GroupCommit(
            log, scheduler, lock, change, synced, state, progress, room, wakeUps, timer, flights,
            waiting, leadership);
    Appender appender =
        new Appender(
            log, scheduler, lock, groupBytes, memory, state, progress, room, commit, leadership,
            flights, wakeUps, counts);
    LogView view = new LogView(log, scheduler, lock, live, progress, supply.isDirect());
    LogTasks tasks = new LogTasks(log, scheduler, lock, acks);
    LogClosing closing =
        new LogClosing(
            lock, tasks, commit, view, acks, supply, timer, watch, writer, live, room, buffers,
            memory, claim);
    Wal wal =
        new Wal(
            directory, budget, recovered.tail(), lock, appender, commit, progress, live, supply,
            writer, counts, view, tasks, closing);
    LogEvents.opened(log, writer.appendPrimitive(), recovered.tail());
    lock.lock();
    try {
      room.openNext();
    } finally {
      lock.unlock();
    }
    try {
      tasks.start("wal-segments", () -> supply.run(commit::supplied));
      tasks.start("wal-timer", () -> timer.run(commit));
      tasks.start("wal-watch", () -> watch.run(flights));
    } catch (RuntimeException | Error e) {
      // No thread can be made. Those that were must be gone before their memory is.
      closing.endTasks(e);
      throw e;
    }
    return wal;
  }

  private static void closeAfter(WalSegment segment, Throwable cause) {
    try {
      segment.closeFile();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }
}
