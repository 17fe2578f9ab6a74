package dev.iobus.kv;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.MergingCursor;
import dev.iobus.kv.version.LevelCursor;
import dev.iobus.kv.version.ReadMode;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// All places where an entry can be, at one moment: the memtables, newest first, and a version.
/// Nothing of it is freed while somebody holds it. Thread-safe.
///
/// Who reads takes the view first and the published sequence after it. A view never lacks the
/// older version of a key that a sequence taken later needs: compactions keep what the sequences
/// published at their begin see. A view may lack memtables newer than itself; then what is read is
/// the state just before the first entry of those.
final class ReadView {

  private final Views views;
  private final List<LoggedMemtable> memtables;
  private final Version version;

  /// Holds; one is the store's own while the view is the current one. Never leaves 0.
  private final AtomicInteger holds = new AtomicInteger(1);

  ReadView(Views views, List<LoggedMemtable> memtables, Version version) {
    this.views = views;
    this.memtables = memtables;
    this.version = version;
  }

  /// Newest first; the first one takes the writes.
  List<LoggedMemtable> memtables() {
    return memtables;
  }

  Version version() {
    return version;
  }

  /// All entries, as one walk; closed before the caller's hold is released.
  EntryCursor entries() {
    List<EntryCursor> cursors = new ArrayList<>();
    for (LoggedMemtable memtable : memtables) {
      cursors.add(memtable.memtable.cursor());
    }
    for (Table table : version.level(0)) {
      cursors.add(new LevelCursor(List.of(table), ReadMode.CACHED));
    }
    for (int level = 1; level < Version.LEVELS; level++) {
      if (!version.level(level).isEmpty()) {
        cursors.add(new LevelCursor(version.level(level), ReadMode.CACHED));
      }
    }
    return new MergingCursor(cursors.toArray(EntryCursor[]::new));
  }

  /// Takes a hold; false when the last one is gone.
  boolean tryHold() {
    while (true) {
      int now = holds.get();
      if (now == 0) {
        return false;
      }
      if (holds.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  void release() {
    if (holds.decrementAndGet() == 0) {
      views.retire(this);
    }
  }
}
