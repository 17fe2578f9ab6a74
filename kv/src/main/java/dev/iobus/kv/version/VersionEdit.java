package dev.iobus.kv.version;

import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/// One atomic step from a version to the next: tables removed, then tables added, and what moved
/// with them. Confined to the thread that fills it until it is applied.
public final class VersionEdit {

  /// A number that the edit does not set.
  static final long UNSET = -1;

  private final List<TableInfo> added = new ArrayList<>();
  private final Roaring64Bitmap removed = new Roaring64Bitmap();
  private final List<Keyspace> keyspaces = new ArrayList<>();
  private long logStart = UNSET;
  private long durableMark = UNSET;
  private long nextFileNumber = UNSET;
  private long lastSequence = UNSET;

  public VersionEdit add(TableInfo table) {
    added.add(table);
    return this;
  }

  /// Removes the table of that number; a table of the same number may be added by the same edit.
  public VersionEdit remove(long tableNumber) {
    removed.addLong(tableNumber);
    return this;
  }

  VersionEdit add(Keyspace keyspace) {
    keyspaces.add(keyspace);
    return this;
  }

  /// Log bytes below this position are no longer needed.
  public VersionEdit logStart(long lsn) {
    logStart = lsn;
    return this;
  }

  /// Log bytes below this position are on stable storage.
  public VersionEdit durableMark(long lsn) {
    durableMark = lsn;
    return this;
  }

  VersionEdit nextFileNumber(long number) {
    nextFileNumber = number;
    return this;
  }

  /// The largest sequence in any table.
  public VersionEdit lastSequence(long sequence) {
    lastSequence = sequence;
    return this;
  }

  public List<TableInfo> added() {
    return added;
  }

  Roaring64Bitmap removed() {
    return removed;
  }

  List<Keyspace> keyspaces() {
    return keyspaces;
  }

  long logStart() {
    return logStart;
  }

  long durableMark() {
    return durableMark;
  }

  long nextFileNumber() {
    return nextFileNumber;
  }

  long lastSequence() {
    return lastSequence;
  }
}
