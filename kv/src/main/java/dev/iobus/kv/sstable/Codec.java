package dev.iobus.kv.sstable;

import java.lang.foreign.MemorySegment;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;

/// How a block's content is stored. On disk: never renumber. Thread-safe.
public enum Codec {
  /// As it is.
  NONE(0),
  /// One LZ4 block without a frame.
  LZ4(1);

  private final int code;

  Codec(int code) {
    this.code = code;
  }

  /// The byte in a block header.
  int code() {
    return code;
  }

  /// What runs, for statistics: `LZ4 (LZ4Factory:JNI)`.
  public String implementation() {
    return this == NONE ? "none" : "LZ4 (" + Lz4.FACTORY + ")";
  }

  /// The most bytes that `length` bytes take when compressed.
  int bound(int length) {
    return this == NONE ? length : Lz4.FACTORY.fastCompressor().maxCompressedLength(length);
  }

  /// Compresses all of `source` to the begin of `target`, which has room for [#bound]. Both are
  /// native. Returns the bytes written.
  int compress(MemorySegment source, MemorySegment target) {
    int length = (int) source.byteSize();
    if (this == NONE) {
      MemorySegment.copy(source, 0, target, 0, length);
      return length;
    }
    return Lz4.FACTORY
        .fastCompressor()
        .compress(
            source.asByteBuffer(), 0, length, target.asByteBuffer(), 0, (int) target.byteSize());
  }

  /// Decompresses all of `source` to `target`, both native. The checksum of the source must have
  /// been verified: native decoders get no bytes that nobody vouches for.
  ///
  /// @return whether the source decodes to exactly the length of the target
  boolean decompress(MemorySegment source, MemorySegment target) {
    if (this == NONE) {
      if (source.byteSize() != target.byteSize()) {
        return false;
      }
      target.copyFrom(source);
      return true;
    }
    int length = (int) target.byteSize();
    try {
      int written =
          Lz4.FACTORY
              .safeDecompressor()
              .decompress(
                  source.asByteBuffer(),
                  0,
                  (int) source.byteSize(),
                  target.asByteBuffer(),
                  0,
                  length);
      return written == length;
    } catch (LZ4Exception e) {
      // What it says of the place is of no use to the caller, who names the block.
      return false;
    }
  }

  /// The native codec only where the user has granted native access to its module, so that no
  /// warning is printed that nobody asked for. Both give the same bytes.
  private static final class Lz4 {
    static final LZ4Factory FACTORY =
        LZ4Factory.class.getModule().isNativeAccessEnabled()
            ? LZ4Factory.fastestInstance()
            : LZ4Factory.safeInstance();
  }
}
