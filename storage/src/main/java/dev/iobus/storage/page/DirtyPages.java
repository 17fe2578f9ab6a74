package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/// The pages of one file whose newest version is not in it, and what of the file is not durable.
/// Each of them holds a pin of that version, so that no clock takes it. Thread-safe.
///
/// A page is written by one caller at a time; changes that are committed meanwhile make it wait for
/// the next write.
final class DirtyPages {

  private final BlockFile file;
  private final FrameAllocator frames;

  /// Bytes of dirty frames in the whole cache.
  private final AtomicLong dirtyBytes;

  /// Numbers the commits of all files.
  private final AtomicLong commits;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition changed;

  // Guarded by lock.

  /// In the order in which they became dirty.
  private final Map<Long, DirtyPage> pages = new LinkedHashMap<>();

  private int writing;

  /// Where the log's records begin that tell of changes in the file that no sync has covered.
  private long unsyncedFromLsn = DirtyPage.NONE;

  /// The same for those that a running sync covers.
  private long syncingFromLsn = DirtyPage.NONE;

  private boolean syncing;

  DirtyPages(
      Scheduler scheduler,
      BlockFile file,
      FrameAllocator frames,
      AtomicLong dirtyBytes,
      AtomicLong commits) {
    this.file = file;
    this.frames = frames;
    this.dirtyBytes = dirtyBytes;
    this.commits = commits;
    this.lock = scheduler.newLock();
    this.changed = lock.newCondition();
  }

  /// Takes over a version and the pin that its commit has.
  void add(long offset, int pageCount, Frame version, long fromLsn, long endLsn) {
    lock.lock();
    try {
      DirtyPage page = pages.get(offset);
      if (page == null) {
        page = new DirtyPage(file, offset, pageCount, version);
        pages.put(offset, page);
        dirtyBytes.addAndGet(version.capacity());
      } else {
        Frame before = page.frame;
        page.frame = version;
        dirtyBytes.addAndGet(version.capacity() - before.capacity());
        if (page.writing != before) {
          letGo(before);
        }
      }
      page.committed(fromLsn, endLsn, commits.incrementAndGet());
    } finally {
      lock.unlock();
    }
  }

  private void letGo(Frame version) {
    version.unpin();
    frames.discard(version);
  }

  /// A number that no commit so far is above.
  long lastCommit() {
    lock.lock();
    try {
      return commits.get();
    } finally {
      lock.unlock();
    }
  }

  /// The number of the first commit that no write has taken; where there is none, one behind all
  /// that are written now, and [DirtyPage#NONE] where there is none of those either.
  long oldestCommit() {
    lock.lock();
    try {
      for (DirtyPage page : pages.values()) {
        if (page.writing == null) {
          return page.firstCommit;
        }
      }
      return pages.isEmpty() ? DirtyPage.NONE : DirtyPage.NONE - 1;
    } finally {
      lock.unlock();
    }
  }

  /// Takes pages to be written that have commits up to `lastCommit`, those first that have been
  /// dirty for longest. Waits for those that others write; empty when there are none at all.
  List<DirtyPage> take(long lastCommit, int countMax) {
    lock.lock();
    try {
      while (true) {
        List<DirtyPage> taken = takeIdle(lastCommit, countMax);
        if (!taken.isEmpty() || !anyUpTo(lastCommit)) {
          return taken;
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  private List<DirtyPage> takeIdle(long lastCommit, int countMax) {
    List<DirtyPage> taken = new ArrayList<>();
    for (DirtyPage page : pages.values()) {
      if (page.writing == null && page.firstCommit <= lastCommit && taken.size() < countMax) {
        taken.add(page);
      }
    }
    taken.forEach(DirtyPage::beginWrite);
    writing += taken.size();
    return taken;
  }

  private boolean anyUpTo(long lastCommit) {
    return pages.values().stream().anyMatch(page -> page.oldestCommit() <= lastCommit);
  }

  /// Ends the write of a page that was taken.
  void written(DirtyPage page, boolean success) {
    lock.lock();
    try {
      if (success) {
        unsyncedFromLsn = Math.min(unsyncedFromLsn, page.writingFromLsn);
      }
      Frame version = page.endWrite(success);
      if (version != page.frame) {
        letGo(version);
        requeue(page);
      } else if (success) {
        pages.remove(page.offset());
        dirtyBytes.addAndGet(-version.capacity());
        version.unpin();
      }
      writing--;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// It became dirty anew while it was written: others have waited for longer.
  private void requeue(DirtyPage page) {
    pages.remove(page.offset());
    pages.put(page.offset(), page);
  }

  /// Before a sync; waits for one that runs, since only one of two that run together may be told of
  /// a failure.
  void beginSync() {
    lock.lock();
    try {
      while (syncing) {
        changed.await();
      }
      syncing = true;
      syncingFromLsn = unsyncedFromLsn;
      unsyncedFromLsn = DirtyPage.NONE;
    } finally {
      lock.unlock();
    }
  }

  void endSync(boolean success) {
    lock.lock();
    try {
      if (!success) {
        unsyncedFromLsn = Math.min(unsyncedFromLsn, syncingFromLsn);
      }
      syncing = false;
      syncingFromLsn = DirtyPage.NONE;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Where the log's records begin that tell of changes that are not durable in the file.
  long neededFromLsn() {
    lock.lock();
    try {
      long from = Math.min(unsyncedFromLsn, syncingFromLsn);
      for (DirtyPage page : pages.values()) {
        from = Math.min(from, Math.min(page.fromLsn, page.writingFromLsn));
      }
      return from;
    } finally {
      lock.unlock();
    }
  }

  int count() {
    lock.lock();
    try {
      return pages.size();
    } finally {
      lock.unlock();
    }
  }

  /// Forgets all versions, after the writes that run.
  void discardAll() {
    lock.lock();
    try {
      while (writing > 0) {
        changed.await();
      }
      for (DirtyPage page : pages.values()) {
        dirtyBytes.addAndGet(-page.frame.capacity());
        page.frame.unpin();
      }
      pages.clear();
    } finally {
      lock.unlock();
    }
  }
}
