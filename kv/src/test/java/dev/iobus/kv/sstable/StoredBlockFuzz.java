package dev.iobus.kv.sstable;

import dev.iobus.proof.Checksums;
import dev.iobus.proof.FuzzTarget;
import dev.iobus.storage.file.CorruptionException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// A block as stored, plain or compressed, in whole pages, with the right checksum: verified and
/// decoded.
public final class StoredBlockFuzz implements FuzzTarget {

  private static final StoredBlockFuzz SELF = new StoredBlockFuzz();
  private static final long FILE_ID = 42;
  private static final int PAGES_MAX = 4;

  /// What a decoder may be asked to fill here; the real limit is the block cache's.
  private static final int DECODED_MAX = 1 << 20;

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    SELF.run(input);
  }

  @Override
  public void run(byte[] input) throws IOException {
    int pages = Math.clamp((input.length + 4095) / 4096, 1, PAGES_MAX);
    byte[] stored = Arrays.copyOf(input, pages * BlockFormat.PAGE_BYTES);
    Checksums.fixBlock(stored, FILE_ID, 4096);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(stored.length);
      block.copyFrom(MemorySegment.ofArray(stored));
      TableBlockDecoder decoder = new TableBlockDecoder("fuzz", FILE_ID);
      int length = decoder.verify(block, 4096);
      if (length <= DECODED_MAX) {
        decoder.decode(block, 4096, arena.allocate(length));
      }
    } catch (CorruptionException refused) {
      assert refused.offset() == 4096;
    }
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    return List.of(
        stored(DataBlockFuzz.block(20), Codec.NONE),
        stored(DataBlockFuzz.block(60), Codec.LZ4),
        stored(new byte[9000], Codec.LZ4));
  }

  private static byte[] stored(byte[] content, Codec codec) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(content.length);
      source.copyFrom(MemorySegment.ofArray(content));
      MemorySegment block = arena.allocate(16 << 10);
      MemorySegment target = block.asSlice(BlockFormat.HEADER_BYTES, codec.bound(content.length));
      int length = codec.compress(source, target);
      BlockFormat.seal(block, codec, BlockKind.DATA, length, content.length, 1, FILE_ID, 4096);
      return block.asSlice(0, BlockFormat.HEADER_BYTES + length).toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
