package dev.iobus.kv;

import dev.iobus.kv.compaction.Retention;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What planted faults call in the place of the right thing. Stateless.
final class StoreFaults {

  private StoreFaults() {}

  /// Takes it that nothing older is anywhere.
  static boolean keepsNoDeletion(
      Retention retention, MemorySegment key, long tag, boolean isNewKey, boolean nothingOlder) {
    return retention.keeps(key, tag, isNewKey, true);
  }

  /// Forgets the snapshots.
  static long[] publishedAlone(Snapshots snapshots, long published) {
    return new long[] {published};
  }

  /// Commits the first entry of a batch by itself.
  static void inTwo(CommitPipeline commits, WriteBatch batch, Durability durability)
      throws IOException {
    WriteBatch first = new WriteBatch();
    WriteBatch rest = new WriteBatch();
    MemorySegment record = batch.record();
    long at = LogRecordFormat.HEADER_BYTES;
    for (int i = 0; i < batch.count(); i++) {
      WriteBatch target = i == 0 ? first : rest;
      boolean put = Encoding.getByte(record, at) == EntryKind.PUT.code();
      at += 1 + Encoding.varintLength(LogRecordFormat.KEYSPACE);
      long keyLength = Encoding.getVarint(record, at, batch.sizeBytes());
      at += Encoding.varintLength(keyLength);
      long valueLength = put ? Encoding.getVarint(record, at, batch.sizeBytes()) : 0;
      at += put ? Encoding.varintLength(valueLength) : 0;
      MemorySegment key = record.asSlice(at, keyLength);
      if (put) {
        target.put(key, record.asSlice(at + keyLength, valueLength));
      } else {
        target.delete(key);
      }
      at += keyLength + valueLength;
    }
    commits.commit(first, durability);
    if (rest.count() > 0) {
      commits.commit(rest, durability);
    }
  }
}
