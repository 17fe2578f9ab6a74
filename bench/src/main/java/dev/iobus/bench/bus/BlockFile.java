package dev.iobus.bench.bus;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/// A file of 4 KiB blocks of random bytes; the first eight of each are its number, so that a
/// block read from the wrong place is noticed. Immutable.
///
/// @param path where it lies
/// @param blocks how many blocks it has
record BlockFile(Path path, int blocks) {

  static final int BLOCK_LENGTH = 4_096;

  private static final int BLOCKS_PER_WRITE = 256;
  private static final ValueLayout.OfLong NUMBER =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Writes the file and syncs it.
  static BlockFile create(Path path, long bytes) throws IOException {
    int blocks = Math.toIntExact(bytes / BLOCK_LENGTH);
    byte[] random = new byte[BLOCKS_PER_WRITE * BLOCK_LENGTH];
    new SplittableRandom(blocks).nextBytes(random);
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(random.length).order(ByteOrder.LITTLE_ENDIAN).put(random);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int first = 0; first < blocks; first += BLOCKS_PER_WRITE) {
        int count = Math.min(BLOCKS_PER_WRITE, blocks - first);
        for (int i = 0; i < count; i++) {
          buffer.putLong(i * BLOCK_LENGTH, first + i);
        }
        buffer.position(0).limit(count * BLOCK_LENGTH);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      channel.force(true);
    }
    return new BlockFile(path, blocks);
  }

  static long offsetOf(int block) {
    return (long) block * BLOCK_LENGTH;
  }

  /// The number that the block at `at` in `memory` carries.
  static long numberAt(MemorySegment memory, long at) {
    return memory.get(NUMBER, at);
  }
}
