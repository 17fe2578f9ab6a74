package dev.iobus.kv.sstable;

import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;

/// XXH64 with seed 0 (Yann Collet, xxHash specification, `doc/xxhash_spec.md`). On disk: filters
/// and hash indexes of blocks hold it. Stateless, so thread-safe.
final class Hash64 {

  private static final long P1 = 0x9E3779B185EBCA87L;
  private static final long P2 = 0xC2B2AE3D27D4EB4FL;
  private static final long P3 = 0x165667B19E3779F9L;
  private static final long P4 = 0x85EBCA77C2B2AE63L;
  private static final long P5 = 0x27D4EB2F165667C5L;

  private Hash64() {}

  /// The hash of a whole segment.
  @SuppressWarnings("ConstantOverflow") // XXH64 counts modulo 2^64.
  static long of(MemorySegment bytes) {
    long length = bytes.byteSize();
    long at = 0;
    long hash;
    if (length >= 32) {
      long a = P1 + P2;
      long b = P2;
      long c = 0;
      long d = -P1;
      for (; at <= length - 32; at += 32) {
        a = round(a, Encoding.getLong(bytes, at));
        b = round(b, Encoding.getLong(bytes, at + 8));
        c = round(c, Encoding.getLong(bytes, at + 16));
        d = round(d, Encoding.getLong(bytes, at + 24));
      }
      hash =
          Long.rotateLeft(a, 1)
              + Long.rotateLeft(b, 7)
              + Long.rotateLeft(c, 12)
              + Long.rotateLeft(d, 18);
      hash = (hash ^ round(0, a)) * P1 + P4;
      hash = (hash ^ round(0, b)) * P1 + P4;
      hash = (hash ^ round(0, c)) * P1 + P4;
      hash = (hash ^ round(0, d)) * P1 + P4;
    } else {
      hash = P5;
    }
    hash += length;
    for (; at <= length - 8; at += 8) {
      hash = Long.rotateLeft(hash ^ round(0, Encoding.getLong(bytes, at)), 27) * P1 + P4;
    }
    if (at <= length - 4) {
      long word = Encoding.getInt(bytes, at) & 0xffff_ffffL;
      hash = Long.rotateLeft(hash ^ word * P1, 23) * P2 + P3;
      at += 4;
    }
    for (; at < length; at++) {
      hash = Long.rotateLeft(hash ^ Encoding.getByte(bytes, at) * P5, 11) * P1;
    }
    return avalanche(hash);
  }

  /// Mixes one more number into a running hash; order matters.
  static long combine(long hash, long number) {
    return avalanche(Long.rotateLeft(hash ^ round(0, number), 27) * P1 + P4);
  }

  private static long round(long lane, long word) {
    return Long.rotateLeft(lane + word * P2, 31) * P1;
  }

  private static long avalanche(long hash) {
    long h = hash;
    h = (h ^ h >>> 33) * P2;
    h = (h ^ h >>> 29) * P3;
    return h ^ h >>> 32;
  }
}
