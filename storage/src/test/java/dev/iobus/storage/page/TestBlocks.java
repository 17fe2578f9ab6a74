package dev.iobus.storage.page;

import dev.iobus.WriteFlag;
import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.Encoding;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Blocks whose content follows from file id and offset, and their decoder. A stored block is
/// `| checksum 4 | decoded length 4 | zeros |`; it decodes to longs of [#value].
final class TestBlocks implements BlockDecoder {

  final long fileId;
  final String path;
  final AtomicInteger verified = new AtomicInteger();

  /// Run in each verification, to make callers meet.
  final AtomicReference<@Nullable Runnable> pause = new AtomicReference<>();

  TestBlocks(long fileId, String path) {
    this.fileId = fileId;
    this.path = path;
  }

  static long value(long fileId, long offset, long index) {
    return (fileId * 31 + offset) * 0x9E3779B97F4A7C15L + index;
  }

  /// A file of `count` blocks of `pages` pages, which decode to `decodedLengths` in turn.
  static DataFile write(
      DataDirectory directory, String name, long fileId, int count, int pages, int... decodedLengths)
      throws IOException {
    DataFile file = directory.create(name, false);
    try (Arena arena = file.newArena()) {
      MemorySegment block = arena.allocate(pages * 4096L, 4096);
      for (int i = 0; i < count; i++) {
        long offset = i * block.byteSize();
        Encoding.putInt(block, 4, decodedLengths[i % decodedLengths.length]);
        Encoding.putInt(
            block, 0, Checksum.of(fileId, offset, block, 4, block.byteSize() - 4));
        file.writeFully(block, offset, WriteFlag.NONE);
      }
    }
    return file;
  }

  @Override
  public int verify(MemorySegment stored, long offset) throws CorruptionException {
    verified.incrementAndGet();
    Runnable run = pause.get();
    if (run != null) {
      run.run();
    }
    int expected = Checksum.of(fileId, offset, stored, 4, stored.byteSize() - 4);
    if (Encoding.getInt(stored, 0) != expected) {
      throw new CorruptionException(path, offset, "block checksum");
    }
    return Encoding.getInt(stored, 4);
  }

  @Override
  public void decode(MemorySegment stored, long offset, MemorySegment frame) {
    for (long i = 0; i + 8 <= frame.byteSize(); i += 8) {
      frame.set(ValueLayout.JAVA_LONG_UNALIGNED, i, value(fileId, offset, i));
    }
  }

  /// Throws when the bytes are not those of the block.
  static void check(MemorySegment bytes, long fileId, long offset) {
    for (long i = 0; i + 8 <= bytes.byteSize(); i += 8) {
      long found = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
      if (found != value(fileId, offset, i)) {
        throw new AssertionError(
            "file " + fileId + " offset " + offset + " byte " + i + ": " + found);
      }
    }
  }
}
