package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.CorruptionException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Moves over the entries of one decoded data block, either way. Confined to one thread; reusable
/// for other blocks. Its key buffer grows to the longest key met, at most 64 KiB.
final class BlockCursor {

  private final BlockReader reader = new BlockReader();
  private byte[] keyBytes = new byte[128];
  private MemorySegment keyBuffer = MemorySegment.ofArray(keyBytes);
  private int keyLength;

  /// Where the current entry begins, or −1.
  private int at = -1;

  /// Turns to another block; unpositioned.
  void open(MemorySegment block, String path, long offset) throws CorruptionException {
    at = -1;
    reader.open(block, path, offset);
  }

  /// Lets go of the block.
  void clear() {
    at = -1;
  }

  boolean isValid() {
    return at >= 0;
  }

  void seekToFirst() throws CorruptionException {
    startAt(0);
  }

  void seekToLast() throws CorruptionException {
    startAt(reader.restarts() - 1);
    while (reader.next() < reader.end()) {
      load(reader.next());
    }
  }

  /// Moves to an entry by its number in the block.
  void seekToIndex(int index) throws CorruptionException {
    startAt(index / BlockFormat.RESTART_INTERVAL);
    for (int i = index % BlockFormat.RESTART_INTERVAL; i > 0; i--) {
      load(reader.next());
    }
  }

  /// Moves to the first entry at or after (`key`, `tag`).
  void seek(MemorySegment key, long tag) throws CorruptionException {
    startAt(reader.lastRestartBefore(key, tag));
    while (at >= 0 && InternalKey.compare(key(), reader.tag(), key, tag) < 0) {
      next();
    }
  }

  void next() throws CorruptionException {
    int next = reader.next();
    if (next < reader.end()) {
      load(next);
    } else {
      at = -1;
    }
  }

  void previous() throws CorruptionException {
    int target = at;
    if (target == 0) {
      at = -1;
      return;
    }
    startAt(reader.lastRestartBefore(target));
    if (at >= target) {
      throw reader.damaged("the first restart point is not at 0");
    }
    while (reader.next() < target) {
      load(reader.next());
    }
    if (reader.next() != target) {
      throw reader.damaged("no entry ends at " + target);
    }
  }

  MemorySegment key() {
    return keyBuffer.asSlice(0, keyLength);
  }

  long tag() {
    return reader.tag();
  }

  MemorySegment value() {
    return reader.value();
  }

  private void startAt(int restart) throws CorruptionException {
    keyLength = 0;
    load(reader.restartOffset(restart));
  }

  private void load(int offset) throws CorruptionException {
    // Not valid until the entry is whole, should it be damaged.
    at = -1;
    reader.parse(offset);
    int shared = reader.shared();
    if (shared > keyLength) {
      throw reader.damaged(
          "an entry at " + offset + " shares " + shared + " bytes with a key of " + keyLength);
    }
    int length = shared + reader.unshared();
    if (length > keyBytes.length) {
      keyBytes = Arrays.copyOf(keyBytes, Math.max(length, 2 * keyBytes.length));
      keyBuffer = MemorySegment.ofArray(keyBytes);
    }
    MemorySegment.copy(
        reader.block(), reader.keyBegin(), keyBuffer, shared, reader.unshared());
    keyLength = length;
    at = offset;
  }
}
