package dev.iobus.kv;

import dev.iobus.kv.entry.VisibleCursor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The snapshots and cursors of a store that are open: the sequences that they read at are registered,
/// so that no merge drops what they see. Thread-safe.
final class Readers {

  private final StoreState state;
  private final Views views;
  private final CommitPipeline commits;

  // Guarded by the state's lock.
  private final Snapshots snapshots;
  private final List<Cursor> cursors = new ArrayList<>();

  /// @param snapshots empty; who merges looks at it too
  Readers(StoreState state, Views views, CommitPipeline commits, Snapshots snapshots) {
    this.state = state;
    this.views = views;
    this.commits = commits;
    this.snapshots = snapshots;
  }

  /// A snapshot of now.
  ///
  /// @throws IllegalStateException when the store is closed
  Snapshot openSnapshot() {
    return new Snapshot(this, register(null));
  }

  /// A cursor between two bounds, of what a snapshot sees or, without one, of now.
  ///
  /// @throws IllegalStateException when the store or the snapshot is closed
  Cursor openCursor(
      byte @Nullable [] lower, byte @Nullable [] upper, @Nullable Snapshot snapshot)
      throws IOException {
    @Nullable MemorySegment first = bound(lower);
    @Nullable MemorySegment end = bound(upper);
    long sequence = register(snapshot);
    ReadView view = null;
    Cursor cursor;
    try {
      view = views.acquire();
      cursor = new Cursor(this, sequence, first, end, view);
    } catch (Throwable t) {
      if (view != null) {
        view.release();
      }
      unregister(sequence);
      throw t;
    }
    try {
      add(cursor);
    } catch (Throwable t) {
      cursor.close(); // The store closes: what the cursor holds is nobody else's to give back.
      throw t;
    }
    return cursor;
  }

  private static @Nullable MemorySegment bound(byte @Nullable [] key) {
    if (key == null) {
      return null;
    }
    WriteBatch.requireKey(key.length);
    return MemorySegment.ofArray(key.clone());
  }

  private void add(Cursor cursor) {
    state.lock.lock();
    try {
      state.requireOpen();
      cursors.add(cursor);
    } finally {
      state.lock.unlock();
    }
  }

  /// Registers the sequence that a snapshot sees, or the published one, as one that is read.
  private long register(@Nullable Snapshot snapshot) {
    state.lock.lock();
    try {
      state.requireOpen();
      long sequence = sequence(snapshot);
      snapshots.add(sequence);
      return sequence;
    } finally {
      state.lock.unlock();
    }
  }

  private void unregister(long sequence) {
    state.lock.lock();
    try {
      snapshots.remove(sequence);
    } finally {
      state.lock.unlock();
    }
  }

  /// What a snapshot sees, or what is published now. Who reads memtables takes their view before.
  long sequence(@Nullable Snapshot snapshot) {
    return snapshot == null ? commits.published() : snapshot.sequenceFor(this);
  }

  /// A snapshot is closed.
  void release(Snapshot snapshot) {
    unregister(snapshot.sequence());
  }

  /// A cursor is closed.
  void release(Cursor cursor, long sequence) {
    state.lock.lock();
    try {
      snapshots.remove(sequence);
      cursors.remove(cursor);
    } finally {
      state.lock.unlock();
    }
  }

  /// Closes all cursors. The store has begun to close, so no others come.
  void closeCursors() {
    List<Cursor> open;
    state.lock.lock();
    try {
      open = List.copyOf(cursors);
    } finally {
      state.lock.unlock();
    }
    open.forEach(Cursor::close);
  }

  void requireOpen() {
    state.requireOpen();
  }

  /// Whether a cursor sees the store's current memtables and tables.
  boolean isCurrent(ReadView view) {
    return views.isCurrent(view);
  }

  ReadView acquireView() {
    return views.acquire();
  }

  /// The entries that a sequence sees in a view, between two bounds.
  VisibleCursor entriesOf(
      ReadView view,
      long sequence,
      @Nullable MemorySegment lower,
      @Nullable MemorySegment upper)
      throws IOException {
    return new VisibleCursor(view.entries(), sequence, lower, upper, state.name());
  }
}
