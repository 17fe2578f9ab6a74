package dev.iobus.kv;

import dev.iobus.kv.version.Version;
import dev.iobus.kv.version.VersionSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The current [ReadView], and those that somebody still reads. Thread-safe.
final class Views {

  private final StoreState state;
  private final VersionSet versions;

  /// Null before the first and after the last.
  private volatile @Nullable ReadView current;

  /// Guarded by the state's lock.
  private int live;

  Views(StoreState state, VersionSet versions) {
    this.state = state;
    this.versions = versions;
  }

  /// Takes a hold of the current view, without a lock: who fails to get one finds a newer view at
  /// the next look, because a view is replaced before the store lets it go.
  ///
  /// @throws IllegalStateException when the store is closed
  ReadView acquire() {
    while (true) {
      ReadView view = current;
      if (view == null) {
        throw state.closed();
      }
      if (view.tryHold()) {
        return view;
      }
    }
  }

  /// Whether a view is the one that new readers get.
  boolean isCurrent(ReadView view) {
    return current == view;
  }

  /// The current view without a hold: for looking at which memtables and version there are. Needs
  /// the state's lock.
  ReadView current() {
    ReadView view = current;
    if (view == null) {
      throw state.closed();
    }
    return view;
  }

  /// Makes a view current. Needs the state's lock. The caller releases the view returned after it
  /// gave the lock back.
  @Nullable ReadView install(List<LoggedMemtable> memtables, Version version) {
    for (LoggedMemtable memtable : memtables) {
      boolean held = memtable.memtable.acquire();
      assert held : "a view was made of a memtable that is freed";
    }
    versions.retain(version);
    live++;
    ReadView before = current;
    current = new ReadView(this, memtables, version);
    return before;
  }

  /// Ends all reading by new callers. Needs the state's lock; as [#install] otherwise.
  @Nullable ReadView uninstall() {
    ReadView before = current;
    current = null;
    return before;
  }

  /// Waits until nobody holds a view. Needs the state's lock.
  void awaitRetired() {
    while (live > 0) {
      state.changed.await();
    }
  }

  /// The last hold of `view` is gone.
  void retire(ReadView view) {
    for (LoggedMemtable memtable : view.memtables()) {
      memtable.memtable.release();
    }
    state.lock.lock();
    try {
      versions.release(view.version());
      live--;
      state.changed.signalAll();
    } finally {
      state.lock.unlock();
    }
  }
}
