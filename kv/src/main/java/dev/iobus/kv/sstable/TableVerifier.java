package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.CorruptionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Compares everything a table says of its entries with the entries. Confined to one thread.
final class TableVerifier {

  private final String path;
  private final TableProperties properties;
  private final IndexBlock index;
  private final @Nullable BloomFilter filter;

  private byte @Nullable [] lastKey;
  private long lastTag;
  private long entries;
  private long deletions;
  private long smallestSequence = Long.MAX_VALUE;
  private long largestSequence;

  TableVerifier(
      String path, TableProperties properties, IndexBlock index, @Nullable BloomFilter filter) {
    this.path = path;
    this.properties = properties;
    this.index = index;
    this.filter = filter;
  }

  long verify(TableParts parts, SequentialBlocks blocks) throws IOException {
    long digest = SSTableFormat.digestBegin(parts.fileId());
    BlockCursor cursor = new BlockCursor();
    for (int i = 0; i < index.count(); i++) {
      BlockHandle handle = index.handle(i);
      MemorySegment content = blocks.load(i);
      digest = SSTableFormat.digest(digest, handle.pages(), blocks.checksum());
      cursor.open(content, path, handle.offset());
      long count = 0;
      for (cursor.seekToFirst(); cursor.isValid(); cursor.next()) {
        take(cursor, i, handle.offset());
        count++;
      }
      check(count == blocks.entryCount(), handle.offset(), "entries in the block", count);
    }
    for (BlockHandle handle : parts.parts()) {
      MemorySegment stored = parts.verify(handle);
      digest =
          SSTableFormat.digest(digest, handle.pages(), BlockFormat.storedChecksum(stored));
    }
    long at = parts.footer().properties().offset();
    check(digest == properties.digest(), at, "the digest", digest);
    check(entries == properties.entries(), at, "entries", entries);
    check(deletions == properties.deletions(), at, "deletions", deletions);
    check(smallestSequence == properties.smallestSequence(), at, "least sequence", smallestSequence);
    check(largestSequence == properties.largestSequence(), at, "last sequence", largestSequence);
    check(lastTag == properties.largestTag(), at, "the last tag", lastTag);
    check(Arrays.equals(lastKey, properties.largestKey()), at, "the last key of entries", entries);
    return entries;
  }

  private void take(BlockCursor cursor, int block, long offset) throws CorruptionException {
    MemorySegment key = cursor.key();
    long tag = cursor.tag();
    byte[] before = lastKey;
    if (before == null) {
      boolean first =
          tag == properties.smallestTag()
              && Arrays.equals(properties.smallestKey(), key.toArray(ValueLayout.JAVA_BYTE));
      check(first, offset, "the first entry", tag);
    } else {
      int order = InternalKey.compare(MemorySegment.ofArray(before), lastTag, key, tag);
      check(order < 0, offset, "the order at entry", entries);
    }
    check(index.find(key, tag) == block, offset, "the index at entry", entries);
    check(
        filter == null || filter.mayContain(Hash64.of(key)), offset, "the filter at entry", entries);
    lastKey = key.toArray(ValueLayout.JAVA_BYTE);
    lastTag = tag;
    entries++;
    deletions += InternalKey.kindCode(tag) == EntryKind.PUT.code() ? 0 : 1;
    smallestSequence = Math.min(smallestSequence, InternalKey.sequence(tag));
    largestSequence = Math.max(largestSequence, InternalKey.sequence(tag));
  }

  private void check(boolean holds, long offset, String what, long number)
      throws CorruptionException {
    if (!holds) {
      throw new CorruptionException(
          path, offset, what + " " + number + " does not agree with the rest of the table");
    }
  }
}
