package dev.iobus.kv.sstable;

import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Collects the entries of a data block with prefix compression, restart points and hash index.
/// What an entry takes depends on those before it alone, so a block can be cut after any of them.
/// Confined to one thread.
final class BlockWriter implements AutoCloseable {

  /// Entries that one writer takes.
  static final int COUNT_MAX = 4096;

  /// What is kept for the next block, in bytes: more came with a large value.
  private static final long MEMORY_KEPT = 2L * PageFit.DECODED_MAX;

  private final Scratch entries;
  private final int[] ends = new int[COUNT_MAX];
  private final long[] hashes = new long[COUNT_MAX];
  private byte[] lastKey = new byte[128];
  private int lastKeyLength;
  private int count;

  BlockWriter(MemoryBudget.Account account) {
    this.entries = new Scratch(account);
  }

  void clear() {
    count = 0;
    lastKeyLength = 0;
    entries.trim(MEMORY_KEPT);
  }

  int count() {
    return count;
  }

  long hash(int index) {
    return hashes[index];
  }

  /// Adds an entry that comes after all before.
  ///
  /// @param hash the [Hash64] of the key
  void add(MemorySegment key, long tag, long hash, MemorySegment value) throws IOException {
    int keyLength = (int) key.byteSize();
    int valueLength = (int) value.byteSize();
    long begin = entriesLength(count);
    // With room for what follows the entries, see content().
    long room =
        begin + BlockFormat.ENTRY_HEADER_MAX + keyLength + valueLength + tailLength(count + 1);
    MemorySegment memory = count == 0 ? entries.requireAnew(room) : entries.require(room);
    int shared = 0;
    if (count % BlockFormat.RESTART_INTERVAL != 0) {
      int common = Math.min(lastKeyLength, keyLength);
      long mismatch =
          MemorySegment.mismatch(
              MemorySegment.ofArray(lastKey), 0, common, key, 0, common);
      shared = mismatch < 0 ? common : (int) mismatch;
    }
    int unshared = keyLength - shared;
    long at = Encoding.putVarint(memory, begin, shared);
    at = Encoding.putVarint(memory, at, unshared);
    at = Encoding.putVarint(memory, at, valueLength);
    at = Encoding.putVarint(memory, at, tag >>> 8);
    Encoding.putByte(memory, at++, (int) tag);
    MemorySegment.copy(key, shared, memory, at, unshared);
    MemorySegment.copy(value, 0, memory, at + unshared, valueLength);
    ends[count] = Math.toIntExact(at + unshared + valueLength);
    hashes[count] = hash;
    count++;
    if (keyLength > lastKey.length) {
      lastKey = new byte[Math.max(keyLength, 2 * lastKey.length)];
    }
    MemorySegment.copy(key, 0, MemorySegment.ofArray(lastKey), 0, keyLength);
    lastKeyLength = keyLength;
  }

  /// Bytes of content of a block of the first `entryCount` entries.
  long contentLength(int entryCount) {
    return entriesLength(entryCount) + tailLength(entryCount);
  }

  private static long tailLength(int entryCount) {
    return (long) restarts(entryCount) * Integer.BYTES
        + buckets(entryCount)
        + BlockFormat.TRAILER_BYTES;
  }

  /// The content of a block of all entries, where they lie; until the next entry is added.
  MemorySegment content() {
    MemorySegment memory = entries.memory().asSlice(0, contentLength(count));
    writeTail(count, memory);
    return memory;
  }

  /// Writes the content of a block of the first `entryCount` entries to `target`.
  void write(int entryCount, MemorySegment target) {
    long at = entriesLength(entryCount);
    MemorySegment.copy(entries.memory(), 0, target, 0, at);
    writeTail(entryCount, target);
  }

  private void writeTail(int entryCount, MemorySegment target) {
    long at = entriesLength(entryCount);
    int restarts = restarts(entryCount);
    for (int i = 0; i < restarts; i++) {
      Encoding.putInt(target, at, (int) entriesLength(i * BlockFormat.RESTART_INTERVAL));
      at += Integer.BYTES;
    }
    int buckets = buckets(entryCount);
    target.asSlice(at, buckets).fill((byte) BlockFormat.HASH_EMPTY);
    for (int i = 0; i < entryCount && buckets > 0; i++) {
      long bucket = at + (((hashes[i] & 0xffff_ffffL) * buckets) >>> 32);
      int restart = i / BlockFormat.RESTART_INTERVAL;
      int found = Encoding.getByte(target, bucket);
      boolean free = found == BlockFormat.HASH_EMPTY || found == restart;
      Encoding.putByte(target, bucket, free ? restart : BlockFormat.HASH_COLLISION);
    }
    Encoding.putInt(target, at + buckets, restarts);
    Encoding.putInt(target, at + buckets + 4, buckets);
  }

  @Override
  public void close() {
    entries.close();
  }

  private long entriesLength(int entryCount) {
    return entryCount == 0 ? 0 : ends[entryCount - 1];
  }

  private static int restarts(int entryCount) {
    return (entryCount + BlockFormat.RESTART_INTERVAL - 1) / BlockFormat.RESTART_INTERVAL;
  }

  /// Four buckets for three entries; none where one restart point leaves nothing to choose.
  private static int buckets(int entryCount) {
    int restarts = restarts(entryCount);
    return restarts < 2 || restarts > BlockFormat.HASH_RESTARTS_MAX ? 0 : entryCount * 4 / 3 | 1;
  }
}
