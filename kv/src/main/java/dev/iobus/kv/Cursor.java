package dev.iobus.kv;

import dev.iobus.kv.entry.VisibleCursor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// An ordered walk over the keys that one sequence sees, between two bounds, forward and backward.
/// Starts unpositioned. Confined to one thread at a time; [#close()] may come from any.
///
/// An open cursor holds the memtables and tables that it reads: close it soon. After an exception
/// it is unpositioned.
public final class Cursor implements AutoCloseable {

  private enum Use {
    IDLE,
    BUSY,
    /// Busy, and to be closed by whoever is.
    CLOSING,
    CLOSED
  }

  private final Readers readers;
  private final long sequence;
  private final @Nullable MemorySegment lower;
  private final @Nullable MemorySegment upper;
  private final AtomicReference<Use> use = new AtomicReference<>(Use.IDLE);

  // Owned by whoever has made the cursor busy.
  private ReadView view;
  private VisibleCursor entries;
  private byte[] copied = new byte[0];

  /// @param sequence registered as one that is read; given back when the cursor is closed
  /// @param view a hold of it, given back when the cursor is closed
  Cursor(
      Readers readers,
      long sequence,
      @Nullable MemorySegment lower,
      @Nullable MemorySegment upper,
      ReadView view)
      throws IOException {
    this.readers = readers;
    this.sequence = sequence;
    this.lower = lower;
    this.upper = upper;
    this.view = view;
    this.entries = readers.entriesOf(view, sequence, lower, upper);
  }

  /// Moves to the first key within the bounds. Returns whether there is one.
  public boolean seekToFirst() throws IOException {
    enter();
    try {
      refresh();
      return entries.seekToFirst();
    } finally {
      leave();
    }
  }

  /// Moves to the last key within the bounds. Returns whether there is one.
  public boolean seekToLast() throws IOException {
    enter();
    try {
      refresh();
      return entries.seekToLast();
    } finally {
      leave();
    }
  }

  /// Moves to the first key at or after `key` within the bounds. Returns whether there is one.
  ///
  /// @param key at most 65,535 bytes
  public boolean seek(byte[] key) throws IOException {
    MemorySegment target = target(key);
    enter();
    try {
      refresh();
      return entries.seek(target);
    } finally {
      leave();
    }
  }

  /// Moves to the last key at or before `key` within the bounds. Returns whether there is one.
  ///
  /// @param key at most 65,535 bytes
  public boolean seekForPrevious(byte[] key) throws IOException {
    MemorySegment target = target(key);
    enter();
    try {
      refresh();
      return entries.seekForPrevious(target);
    } finally {
      leave();
    }
  }

  private static MemorySegment target(byte[] key) {
    Objects.requireNonNull(key, "key");
    WriteBatch.requireKey(key.length);
    return MemorySegment.ofArray(key);
  }

  /// Moves to the next key. Returns whether there is one.
  ///
  /// @throws IllegalStateException when the cursor is not at a key
  public boolean next() throws IOException {
    enter();
    try {
      return entries.next();
    } finally {
      leave();
    }
  }

  /// Moves to the previous key. Returns whether there is one.
  ///
  /// @throws IllegalStateException when the cursor is not at a key
  public boolean previous() throws IOException {
    enter();
    try {
      return entries.previous();
    } finally {
      leave();
    }
  }

  /// Whether the cursor is at a key.
  public boolean isValid() {
    enter();
    try {
      return entries.isValid();
    } finally {
      leave();
    }
  }

  /// A copy of the key.
  ///
  /// @throws IllegalStateException when the cursor is not at a key
  public byte[] key() {
    enter();
    try {
      return entries.key().toArray(ValueLayout.JAVA_BYTE);
    } finally {
      leave();
    }
  }

  /// A copy of the value.
  ///
  /// @throws IllegalStateException when the cursor is not at a key
  public byte[] value() {
    enter();
    try {
      return entries.value().toArray(ValueLayout.JAVA_BYTE);
    } finally {
      leave();
    }
  }

  /// The key in memory of the cursor's own, read-only: overwritten by the next call of this or of
  /// [#valueSegment()]. Allocates only when it must grow.
  ///
  /// @throws IllegalStateException when the cursor is not at a key
  public MemorySegment keySegment() {
    enter();
    try {
      return copy(entries.key());
    } finally {
      leave();
    }
  }

  /// The value, as [#keySegment()].
  ///
  /// @throws IllegalStateException when the cursor is not at a key
  public MemorySegment valueSegment() {
    enter();
    try {
      return copy(entries.value());
    } finally {
      leave();
    }
  }

  /// A slice of a frame would outlive the frame when the store closes; the heap does not.
  private MemorySegment copy(MemorySegment from) {
    int length = (int) from.byteSize();
    if (length > copied.length) {
      copied = new byte[Math.max(length, Math.min(1 << 16, 2 * copied.length))];
    }
    MemorySegment all = MemorySegment.ofArray(copied);
    MemorySegment.copy(from, 0, all, 0, length);
    return all.asSlice(0, length).asReadOnly();
  }

  /// Lets go of what the cursor holds; the second call does nothing.
  @Override
  public void close() {
    while (true) {
      Use now = use.get();
      switch (now) {
        case CLOSING, CLOSED -> {
          return;
        }
        case BUSY -> {
          if (use.compareAndSet(now, Use.CLOSING)) {
            return;
          }
        }
        case IDLE -> {
          if (use.compareAndSet(now, Use.CLOSED)) {
            release();
            return;
          }
        }
      }
    }
  }

  private void enter() {
    if (!use.compareAndSet(Use.IDLE, Use.BUSY)) {
      readers.requireOpen();
      Use now = use.get();
      throw new IllegalStateException(
          now == Use.BUSY || now == Use.IDLE
              ? "cursor is in use by another thread"
              : "cursor is closed");
    }
  }

  private void leave() {
    if (!use.compareAndSet(Use.BUSY, Use.IDLE)) {
      use.set(Use.CLOSED);
      release();
    }
  }

  /// Turns to the store's current memtables and tables, so that those it has replaced are freed.
  private void refresh() throws IOException {
    if (readers.isCurrent(view)) {
      return;
    }
    ReadView newer = readers.acquireView();
    VisibleCursor anew;
    try {
      anew = readers.entriesOf(newer, sequence, lower, upper);
    } catch (Throwable t) {
      newer.release();
      throw t;
    }
    ReadView older = view;
    entries.close();
    entries = anew;
    view = newer;
    older.release();
  }

  private void release() {
    try {
      entries.close();
    } finally {
      view.release();
      readers.release(this, sequence);
    }
  }
}
