package dev.iobus.kv.version;

import dev.iobus.kv.entry.EntryCursor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tables of one level below 0, one behind the other. At most one of them has a cursor at a
/// time. Confined to one thread.
///
/// All versions of a user key are in one table, so a seek never has to look into two.
public final class LevelCursor implements EntryCursor {

  /// Ordered by key, disjoint.
  private final List<Table> tables;

  private final ReadMode mode;

  private int index;
  private @Nullable EntryCursor cursor;
  private boolean closed;

  /// @param tables of one level, in its order; they stay open longer than this cursor
  public LevelCursor(List<Table> tables, ReadMode mode) {
    this.tables = tables;
    this.mode = mode;
  }

  @Override
  public boolean isValid() {
    return cursor != null && cursor.isValid();
  }

  @Override
  public void seekToFirst() throws IOException {
    if (open(0)) {
      current().seekToFirst();
      skipForward();
    }
  }

  @Override
  public void seekToLast() throws IOException {
    if (open(tables.size() - 1)) {
      current().seekToLast();
      skipBackward();
    }
  }

  @Override
  public void seek(MemorySegment key, long tag) throws IOException {
    if (open(Version.firstEndingAtOrAfter(tables, key))) {
      current().seek(key, tag);
      skipForward();
    }
  }

  @Override
  public void seekBefore(MemorySegment key, long tag) throws IOException {
    int last = tables.size() - 1;
    if (open(Math.min(last, Version.firstEndingAtOrAfter(tables, key)))) {
      current().seekBefore(key, tag);
      skipBackward();
    }
  }

  @Override
  public void next() throws IOException {
    current().next();
    skipForward();
  }

  @Override
  public void previous() throws IOException {
    current().previous();
    skipBackward();
  }

  @Override
  public MemorySegment key() {
    return current().key();
  }

  @Override
  public long tag() {
    return current().tag();
  }

  @Override
  public MemorySegment value() {
    return current().value();
  }

  @Override
  public void close() {
    closed = true;
    closeCurrent();
  }

  private void skipForward() throws IOException {
    while (!current().isValid() && open(index + 1)) {
      current().seekToFirst();
    }
  }

  private void skipBackward() throws IOException {
    while (!current().isValid() && open(index - 1)) {
      current().seekToLast();
    }
  }

  /// Puts a cursor, unpositioned, on the table at `at`; false, and the cursor invalid, when there
  /// is none.
  private boolean open(int at) throws IOException {
    if (closed) {
      throw new IllegalStateException("the cursor is closed");
    }
    if (at < 0 || at >= tables.size()) {
      // A cursor that ran off its end stays, invalid; one from an earlier seek must not be seen.
      if (cursor != null && cursor.isValid()) {
        closeCurrent();
      }
      return false;
    }
    if (cursor == null || index != at) {
      closeCurrent();
      cursor = tables.get(at).cursor(mode);
      index = at;
    }
    return true;
  }

  private void closeCurrent() {
    EntryCursor open = cursor;
    cursor = null;
    if (open != null) {
      open.close();
    }
  }

  private EntryCursor current() {
    EntryCursor open = cursor;
    if (open == null) {
      throw new IllegalStateException(
          closed ? "the cursor is closed" : "the cursor is not at an entry");
    }
    return open;
  }
}
