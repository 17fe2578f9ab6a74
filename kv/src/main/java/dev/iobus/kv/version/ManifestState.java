package dev.iobus.kv.version;

import dev.iobus.storage.file.CorruptionException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What the edits of a manifest, applied in order, say. Confined to the thread that recovers.
public final class ManifestState {

  /// Tables of an edit of [#asEdits()], and when their keys are enough for one.
  private static final int EDIT_TABLES = 1000;

  private static final long EDIT_KEY_BYTES = 1 << 20;

  private final Map<Long, TableInfo> tables = new TreeMap<>();
  private final Map<Integer, Keyspace> keyspaces = new TreeMap<>();
  private long logStart;
  private long durableMark;
  private long nextFileNumber = 1;
  private long lastSequence;

  /// A store without anything in it but the default keyspace.
  static ManifestState empty() {
    ManifestState state = new ManifestState();
    state.keyspaces.put(Keyspace.DEFAULT.id(), Keyspace.DEFAULT);
    return state;
  }

  /// Nothing: what the first edit of a manifest is applied to.
  ManifestState() {}

  /// @param file the manifest, for messages
  /// @param offset where the edit begins in it
  void apply(VersionEdit edit, String file, long offset) throws CorruptionException {
    for (long number : edit.removed().toArray()) {
      if (tables.remove(number) == null) {
        throw new CorruptionException(
            file, offset, "the manifest removes table " + number + ", which it does not have");
      }
    }
    for (TableInfo table : edit.added()) {
      if (tables.put(table.number(), table) != null) {
        throw new CorruptionException(
            file, offset, "the manifest adds table " + table.number() + " twice");
      }
    }
    for (Keyspace keyspace : edit.keyspaces()) {
      keyspaces.put(keyspace.id(), keyspace);
    }
    logStart = Math.max(logStart, edit.logStart());
    durableMark = Math.max(durableMark, edit.durableMark());
    nextFileNumber = Math.max(nextFileNumber, edit.nextFileNumber());
    lastSequence = Math.max(lastSequence, edit.lastSequence());
  }

  /// All of it as edits to nothing, each far below the size of a record: a table's bounds alone may
  /// have 128 KiB.
  List<VersionEdit> asEdits() {
    List<VersionEdit> edits = new ArrayList<>();
    VersionEdit edit = new VersionEdit();
    keyspaces.values().forEach(edit::add);
    edit.logStart(logStart)
        .durableMark(durableMark)
        .nextFileNumber(nextFileNumber)
        .lastSequence(lastSequence);
    edits.add(edit);
    long keyBytes = 0;
    for (TableInfo table : tables.values()) {
      if (keyBytes > EDIT_KEY_BYTES || edit.added().size() == EDIT_TABLES) {
        edit = new VersionEdit();
        edits.add(edit);
        keyBytes = 0;
      }
      edit.add(table);
      keyBytes += table.smallest().key().byteSize() + table.largest().key().byteSize();
    }
    return edits;
  }

  /// In the order of their numbers.
  public Collection<TableInfo> tables() {
    return tables.values();
  }

  /// The first log position that is still needed.
  public long logStart() {
    return logStart;
  }

  /// A log position below which everything was durable.
  public long durableMark() {
    return durableMark;
  }

  /// No file with this number or a larger one was ever made.
  public long nextFileNumber() {
    return nextFileNumber;
  }

  /// The largest sequence in any table.
  public long lastSequence() {
    return lastSequence;
  }

  boolean isEmpty() {
    return keyspaces.isEmpty();
  }
}
