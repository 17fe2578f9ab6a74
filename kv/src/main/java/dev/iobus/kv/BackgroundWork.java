package dev.iobus.kv;

import dev.iobus.Scheduler;
import dev.iobus.kv.compaction.Compaction;
import dev.iobus.kv.compaction.CompactionPicker;
import dev.iobus.kv.compaction.CompactionPlan;
import dev.iobus.kv.compaction.LevelSizes;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.TableFiles;
import dev.iobus.kv.version.Version;
import dev.iobus.kv.version.VersionEdit;
import dev.iobus.kv.version.VersionSet;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The two tasks behind the callers: `store-flush` makes tables of sealed memtables, `store-compact`
/// merges tables and deletes those that nobody needs. A failure in either is the store's, but for a
/// lack of memory or of room on the disk: then they try again, see [ShortageWait].
final class BackgroundWork {

  /// The fewest sources that a compaction merges: there is none smaller.
  private static final int SOURCES_MIN = 2;

  private final StoreState state;
  private final Memtables memtables;
  private final Views views;
  private final Snapshots snapshots;
  private final CommitPipeline commits;
  private final VersionSet versions;
  private final TableFiles files;
  private final Wal wal;
  private final WriteStall stall;
  private final LevelSizes sizes;

  /// How many sources the next compaction may merge, see [CompactionPicker]: fewer after one found
  /// no memory or room. Used by `store-compact` alone.
  private int sourcesMax = Integer.MAX_VALUE;

  // Guarded by the state's lock.
  private int running;
  private long flushes;
  private long compactions;
  private long compactAllAsked;
  private long compactAllDone;

  BackgroundWork(
      StoreState state,
      Memtables memtables,
      Views views,
      Snapshots snapshots,
      CommitPipeline commits,
      VersionSet versions,
      TableFiles files,
      Wal wal,
      WriteStall stall,
      LevelSizes sizes) {
    this.state = state;
    this.memtables = memtables;
    this.views = views;
    this.snapshots = snapshots;
    this.commits = commits;
    this.versions = versions;
    this.files = files;
    this.wal = wal;
    this.stall = stall;
    this.sizes = sizes;
  }

  /// Starts both tasks.
  ///
  /// @throws Error when the host gives no thread for one of them; none runs then
  void start() {
    state.lock.lock();
    try {
      stall.update(versions.current().level(0).size());
    } finally {
      state.lock.unlock();
    }
    try {
      start("store-flush", this::flushUntilClosed);
      start("store-compact", this::compactUntilClosed);
    } catch (RuntimeException | Error e) {
      state.fail(e);
      state.lock.lock();
      try {
        awaitEnd();
      } finally {
        state.lock.unlock();
      }
      throw e;
    }
  }

  private void start(String name, Body body) {
    state.lock.lock();
    try {
      state.scheduler.start(name, () -> run(body));
      running++;
    } finally {
      state.lock.unlock();
    }
  }

  /// Waits until both tasks have ended. Needs the state's lock, after the state was closed.
  void awaitEnd() {
    while (running > 0) {
      state.changed.await();
    }
  }

  long flushes() {
    return flushes;
  }

  long compactions() {
    return compactions;
  }

  /// Seals what is in memory and waits until it is in tables, on disk.
  void flush() throws IOException {
    @Nullable LoggedMemtable target;
    state.lock.lock();
    try {
      target = memtables.newestToFlush();
    } finally {
      state.lock.unlock();
    }
    if (target == null) {
      return;
    }
    memtables.replace(target, 0);
    state.lock.lock();
    try {
      // Memtables become tables in order, so the older ones are through when this one is.
      while (memtables.isSealed(target)) {
        state.requireWritable();
        state.flushShortage.requireHope();
        state.changed.await();
      }
    } finally {
      state.lock.unlock();
    }
  }

  /// Has all tables merged into the deepest level, and waits for it.
  void compactAll() throws IOException {
    state.lock.lock();
    try {
      long mine = ++compactAllAsked;
      state.changed.signalAll();
      while (compactAllDone < mine) {
        state.requireWritable();
        state.compactionShortage.requireHope();
        state.changed.await();
      }
    } finally {
      state.lock.unlock();
    }
  }

  /// A task's body: what it throws ends all writing, and its end is what close waits for.
  private void run(Body body) {
    try {
      body.run();
    } catch (Throwable t) {
      state.fail(t);
    } finally {
      state.lock.lock();
      try {
        running--;
        state.changed.signalAll();
      } finally {
        state.lock.unlock();
      }
    }
  }

  private interface Body {
    void run() throws IOException;
  }

  private void flushUntilClosed() throws IOException {
    while (true) {
      LoggedMemtable next = awaitSealed();
      if (next == null) {
        return;
      }
      flush(next);
    }
  }

  private @Nullable LoggedMemtable awaitSealed() {
    state.lock.lock();
    try {
      while (!state.isClosing() && state.failure() == null) {
        LoggedMemtable next = memtables.nextToFlush();
        if (next != null) {
          return next;
        }
        state.changed.await();
      }
      return null;
    } finally {
      state.lock.unlock();
    }
  }

  private void flush(LoggedMemtable memtable) throws IOException {
    List<Table> tables = writeTables(memtable);
    if (tables == null) {
      return;
    }
    awaitLog(memtable, tables);
    Version version;
    ReadView before;
    versions.editLock().lock();
    try {
      VersionEdit edit = new VersionEdit();
      for (Table table : tables) {
        edit.add(table.info());
      }
      if (!memtable.isEmpty()) {
        edit.logStart(memtable.endLsn());
        edit.lastSequence(memtable.lastSequence());
      }
      edit.durableMark(wal.durableLsn());
      version = log(edit, tables, tables);
      state.lock.lock();
      try {
        memtables.flushed(memtable);
        flushes++;
        before = install(version);
      } finally {
        state.lock.unlock();
      }
    } finally {
      versions.editLock().unlock();
    }
    release(before);
    memtable.memtable.close();
    if (!memtable.isEmpty()) {
      wal.release(memtable.endLsn());
    }
    state.signalAll();
  }

  /// The manifest may let the log begin only where there is a log: a segment that is not begun when
  /// power is lost would be missed. So it begins where this memtable ends, not where the next one
  /// begins: a mark may lie between them, the first group of a segment that is not there yet.
  private void awaitLog(LoggedMemtable memtable, List<Table> tables) throws IOException {
    if (memtable.isEmpty()) {
      return; // As where its first record was too large for it: that one is in the next.
    }
    boolean written = false;
    try {
      wal.await(memtable.endLsn(), Durability.WRITTEN);
      written = true;
    } finally {
      if (!written) {
        tables.forEach(files::discard);
      }
    }
  }

  /// Writes the tables of a memtable. While the budget has no memory for it, as with very large
  /// values, or the disk no room, it waits for some; null when the store closes or fails meanwhile.
  private @Nullable List<Table> writeTables(LoggedMemtable memtable) throws IOException {
    while (true) {
      try {
        List<Table> tables = Flush.run(memtable.memtable, files, boundaries());
        state.flushShortage.over();
        return tables;
      } catch (IOException e) {
        if (!ShortageWait.isShortage(e)) {
          throw e;
        }
        if (!state.flushShortage.await(e)) {
          return null;
        }
      }
    }
  }

  private void compactUntilClosed() throws IOException {
    while (true) {
      List<Table> obsolete;
      CompactionPlan plan = null;
      ReadView view = null;
      long asked;
      state.lock.lock();
      try {
        while (true) {
          if (state.isClosing() || state.failure() != null) {
            return;
          }
          asked = compactAllAsked;
          obsolete = versions.takeObsolete();
          Version current = versions.current();
          plan =
              asked > compactAllDone
                  ? CompactionPicker.pickAll(current, sourcesMax)
                  : CompactionPicker.pick(current, sizes, sourcesMax);
          if (plan != null) {
            // The inputs stay open as long as a view holds them.
            view = views.acquire();
            break;
          }
          if (!obsolete.isEmpty() || asked > compactAllDone) {
            break;
          }
          state.changed.await();
        }
      } finally {
        state.lock.unlock();
      }
      for (Table table : obsolete) {
        files.discard(table);
      }
      boolean wasAll = asked > compactAllDone;
      boolean done = true;
      if (plan != null && view != null) {
        done = compact(plan, view) && plan.isOfAllTables();
      }
      if (done && wasAll) {
        finishCompactAll(asked);
      }
    }
  }

  private void finishCompactAll(long asked) {
    state.lock.lock();
    try {
      compactAllDone = asked;
      state.changed.signalAll();
    } finally {
      state.lock.unlock();
    }
  }

  /// Carries a plan out, and releases the view. Returns false when the store closed before it was
  /// done, and when there was no memory or room for it: then the next plan is a smaller one, and tried
  /// later if there is none.
  private boolean compact(CompactionPlan plan, ReadView view) throws IOException {
    Compaction compaction = new Compaction(plan, files, sizes, boundaries(), state::isClosing);
    IOException refusal = null;
    try {
      VersionEdit edit = null;
      try {
        edit = compaction.run();
      } catch (IOException e) {
        if (!ShortageWait.isShortage(e)) {
          throw e;
        }
        refusal = e;
      }
      if (edit != null) {
        commit(compaction, edit);
        state.compactionShortage.over();
        sourcesMax = (int) Math.min(Integer.MAX_VALUE, 2L * sourcesMax);
        return true;
      }
    } finally {
      view.release();
    }
    if (refusal != null && compaction.runCount() > SOURCES_MIN) {
      // Each run has a block in memory, as large as its largest value; and the less is merged, the
      // less room it takes until the inputs are deleted.
      sourcesMax = Math.max(SOURCES_MIN, compaction.runCount() / 2);
    } else if (refusal != null) {
      state.compactionShortage.await(refusal);
    }
    return false;
  }

  /// Logs what a compaction made and lets the readers see it.
  private void commit(Compaction compaction, VersionEdit edit) throws IOException {
    ReadView before;
    versions.editLock().lock();
    try {
      Version version = log(edit, compaction.outputs(), compaction.made());
      state.lock.lock();
      try {
        compactions++;
        before = install(version);
      } finally {
        state.lock.unlock();
      }
    } finally {
      versions.editLock().unlock();
    }
    release(before);
  }

  /// Logs an edit. Needs the edit lock.
  ///
  /// @param made the tables that were made for it, and that nobody else knows yet
  private Version log(VersionEdit edit, List<Table> added, List<Table> made) throws IOException {
    boolean logged = false;
    try {
      Version version = versions.log(edit, added);
      logged = true;
      return version;
    } finally {
      if (!logged) {
        files.letGo(made);
      }
    }
  }

  /// Makes a version current for readers. Needs both locks.
  private @Nullable ReadView install(Version version) {
    versions.install(version);
    ReadView before = views.install(memtables.newestFirst(), version);
    stall.update(version.level(0).size());
    state.changed.signalAll();
    return before;
  }

  private static void release(@Nullable ReadView view) {
    if (view != null) {
      view.release();
    }
  }

  private long[] boundaries() {
    state.lock.lock();
    try {
      return snapshots.boundaries(commits.published());
    } finally {
      state.lock.unlock();
    }
  }
}
