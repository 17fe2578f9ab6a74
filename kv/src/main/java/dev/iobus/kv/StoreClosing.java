package dev.iobus.kv;

import dev.iobus.SharedBus;
import dev.iobus.kv.version.TableFiles;
import dev.iobus.kv.version.VersionSet;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.wal.Wal;
import java.io.IOException;

/// The end of a store: those who are inside leave, then its files are closed, and its memory is freed
/// when the last lease is back. Thread-safe.
final class StoreClosing {

  // Constant after construction.
  private final StoreState state;
  private final BackgroundWork background;
  private final Readers readers;
  private final Views views;
  private final Wal wal;
  private final VersionSet versions;
  private final TableFiles files;
  private final Memtables memtables;
  private final DataDirectory directory;
  private final Leases leases;

  /// Guarded by the state's lock.
  private boolean ended;

  StoreClosing(
      StoreState state,
      BackgroundWork background,
      Readers readers,
      Views views,
      Wal wal,
      VersionSet versions,
      TableFiles files,
      Memtables memtables,
      DataDirectory directory,
      Leases leases) {
    this.state = state;
    this.background = background;
    this.readers = readers;
    this.views = views;
    this.wal = wal;
    this.versions = versions;
    this.files = files;
    this.memtables = memtables;
    this.directory = directory;
    this.leases = leases;
  }

  /// Closes the store, or waits until another call has closed it.
  ///
  /// @throws IOException when the log could not be written, or a file not be closed
  void finish() throws IOException {
    if (!state.close()) {
      awaitEnded();
      return;
    }
    awaitQuiet();
    try {
      Closing.all(
          this::closeLog,
          () -> files.closeAll(versions),
          versions::close,
          files::close,
          memtables::close,
          directory::close,
          leases::storeClosed);
    } finally {
      state.lock.lock();
      try {
        ended = true;
        state.changed.signalAll();
      } finally {
        state.lock.unlock();
      }
    }
  }

  /// Closes the log, and notes in the manifest where it ends: the log alone cannot tell that the file
  /// with its end is missing.
  private void closeLog() throws IOException {
    long end = wal.tail();
    wal.close();
    if (state.failure() == null) {
      versions.editLock().lock();
      try {
        versions.noteDurable(end);
      } finally {
        versions.editLock().unlock();
      }
    }
  }

  private void awaitEnded() {
    state.lock.lock();
    try {
      while (!ended) {
        state.changed.await();
      }
    } finally {
      state.lock.unlock();
    }
  }

  /// Returns when nobody is inside: no writer, no background task, no reader.
  private void awaitQuiet() {
    state.lock.lock();
    try {
      state.awaitWriters();
      background.awaitEnd();
    } finally {
      state.lock.unlock();
    }
    readers.closeCursors();
    ReadView last;
    state.lock.lock();
    try {
      last = views.uninstall();
    } finally {
      state.lock.unlock();
    }
    if (last != null) {
      last.release();
    }
    state.lock.lock();
    try {
      views.awaitRetired();
    } finally {
      state.lock.unlock();
    }
  }

  /// Frees what leases may still read until the last of them is closed.
  static void freeMemory(
      PageCache cache, MemoryBudget.Account memtableAccount, SharedBus bus) {
    try {
      cache.close();
      memtableAccount.close();
    } finally {
      bus.close();
    }
  }
}
