package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;

/// Reads entries of a decoded data block: one at a time for a [BlockCursor], or the one that a
/// point read asks for. Checks every length before it is used, because who reads a frame without a
/// pin may see bytes of another. Confined to one thread; reusable for other blocks.
final class BlockReader {

  // The block.
  private MemorySegment block = MemorySegment.NULL;
  private String path = "";
  private long offset;
  private int restartsBegin;
  private int restarts;
  private int bucketsBegin;
  private int buckets;

  // The entry that was parsed last.
  private int shared;
  private int unshared;
  private int valueLength;
  private long tag;
  private int keyBegin;

  /// Turns to another block.
  ///
  /// @param newOffset where it lies in its file, for messages
  BlockReader open(MemorySegment newBlock, String newPath, long newOffset)
      throws CorruptionException {
    block = newBlock;
    path = newPath;
    offset = newOffset;
    long size = newBlock.byteSize();
    if (size < BlockFormat.TRAILER_BYTES || size > BlockFormat.DECODED_MAX) {
      throw damaged("content of " + size + " bytes");
    }
    restarts = Encoding.getInt(newBlock, size - 8);
    buckets = Encoding.getInt(newBlock, size - 4);
    long begin = size - BlockFormat.TRAILER_BYTES - buckets;
    if (buckets < 0 || begin < 0 || restarts < 1 || restarts > begin / Integer.BYTES) {
      throw damaged(restarts + " restart points and " + buckets + " buckets in " + size + " bytes");
    }
    bucketsBegin = (int) begin;
    restartsBegin = (int) begin - restarts * Integer.BYTES;
    return this;
  }

  /// Looks for the first version of `key` with a tag at or below `seekTag`.
  ///
  /// @param hash the [Hash64] of the key
  boolean search(MemorySegment key, long seekTag, long hash, BlockHit hit)
      throws CorruptionException {
    int restart;
    if (buckets > 0) {
      long bucket = ((hash & 0xffff_ffffL) * buckets) >>> 32;
      restart = Encoding.getByte(block, bucketsBegin + bucket);
      if (restart == BlockFormat.HASH_EMPTY) {
        return false;
      }
      if (restart == BlockFormat.HASH_COLLISION) {
        restart = lastRestartBefore(key, seekTag);
      }
    } else {
      restart = restarts == 1 ? 0 : lastRestartBefore(key, seekTag);
    }
    return scan(restartOffset(restart), key, seekTag, hit);
  }

  /// Walks on from a restart point without rebuilding keys: it is enough to know how many bytes
  /// the key before has in common with the one looked for.
  private boolean scan(int begin, MemorySegment key, long seekTag, BlockHit hit)
      throws CorruptionException {
    int length = (int) key.byteSize();
    int match = 0;
    for (int at = begin; at < restartsBegin; at = next()) {
      parse(at);
      if (shared > match) {
        // Differs from the key looked for where the key before did: still smaller.
        continue;
      }
      if (shared < match && shared > 0) {
        // Greater than the key before within what that had in common with ours.
        return false;
      }
      int suffix = Math.min(unshared, length - shared);
      long mismatch =
          MemorySegment.mismatch(
              block, keyBegin, keyBegin + suffix, key, shared, (long) shared + suffix);
      if (mismatch < 0) {
        int keyLength = shared + unshared;
        if (keyLength > length) {
          return false;
        }
        match = keyLength;
        if (keyLength == length && Long.compareUnsigned(tag, seekTag) <= 0) {
          hit.set(tag, keyBegin + unshared, valueLength);
          return true;
        }
      } else {
        match = shared + (int) mismatch;
        if (Encoding.getByte(block, keyBegin + mismatch) > Encoding.getByte(key, match)) {
          return false;
        }
      }
    }
    return false;
  }

  /// The last restart point whose entry comes before (`key`, `seekTag`), or 0.
  int lastRestartBefore(MemorySegment key, long seekTag) throws CorruptionException {
    int low = 0;
    int high = restarts - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      parse(restartOffset(middle));
      if (shared != 0) {
        throw damaged("a restart point shares " + shared + " bytes");
      }
      int order =
          InternalKey.compareKeys(
              block, keyBegin, unshared, key, 0, key.byteSize());
      if (order < 0 || (order == 0 && Long.compareUnsigned(tag, seekTag) > 0)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// The last restart point that begins before `at`; `at` is above 0.
  int lastRestartBefore(int at) throws CorruptionException {
    int low = 0;
    int high = restarts - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (restartOffset(middle) < at) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  int restartOffset(int restart) throws CorruptionException {
    if (restart >= restarts) {
      throw damaged("restart point " + restart + " of " + restarts);
    }
    int begin = Encoding.getInt(block, restartsBegin + (long) restart * Integer.BYTES);
    if (begin < 0 || begin >= restartsBegin) {
      throw damaged("a restart point at " + begin + ", entries end at " + restartsBegin);
    }
    return begin;
  }

  int restarts() {
    return restarts;
  }

  /// Where the entries end.
  int end() {
    return restartsBegin;
  }

  /// Reads the entry at `at`, below [#end()].
  void parse(int at) throws CorruptionException {
    int end = restartsBegin;
    long p = at;
    if (end - at > 3
        && (Encoding.getByte(block, p)
                | Encoding.getByte(block, p + 1)
                | Encoding.getByte(block, p + 2))
            < 0x80) {
      shared = Encoding.getByte(block, p);
      unshared = Encoding.getByte(block, p + 1);
      valueLength = Encoding.getByte(block, p + 2);
      p += 3;
    } else {
      shared = length(p, end);
      p += Encoding.varintLength(shared);
      unshared = length(p, end);
      p += Encoding.varintLength(unshared);
      valueLength = length(p, end);
      p += Encoding.varintLength(valueLength);
    }
    long sequence = Encoding.getVarint(block, p, end);
    if (sequence < 0 || sequence >>> 56 != 0) {
      throw damaged("no sequence at " + p);
    }
    p += Encoding.varintLength(sequence);
    if (p + 1 + unshared + (long) valueLength > end || shared + unshared > BlockFormat.KEY_MAX) {
      throw damaged(
          "an entry at " + at + " with lengths " + shared + ", " + unshared + ", " + valueLength
              + ", entries end at " + end);
    }
    tag = sequence << 8 | Encoding.getByte(block, p);
    keyBegin = (int) p + 1;
  }

  private int length(long at, int end) throws CorruptionException {
    long length = Encoding.getVarint(block, at, end);
    if (length < 0 || length > BlockFormat.DECODED_MAX) {
      throw damaged("no length at " + at);
    }
    return (int) length;
  }

  /// Bytes of the key that the key before has too.
  int shared() {
    return shared;
  }

  /// Bytes of the key that lie in the entry, from [#keyBegin] on.
  int unshared() {
    return unshared;
  }

  int keyBegin() {
    return keyBegin;
  }

  long tag() {
    return tag;
  }

  MemorySegment value() {
    return block.asSlice((long) keyBegin + unshared, valueLength);
  }

  MemorySegment block() {
    return block;
  }

  /// Where the entry after the one parsed begins, or [#end()].
  int next() {
    return keyBegin + unshared + valueLength;
  }

  CorruptionException damaged(String detail) {
    return new CorruptionException(path, offset, "data block: " + detail);
  }
}
