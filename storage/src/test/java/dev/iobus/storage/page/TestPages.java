package dev.iobus.storage.page;

import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.Encoding;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Pages that hold one number again and again, and their codec. A stored page is
/// `| checksum 4 | zero 4 | number 8 | number 8 | … |`.
final class TestPages implements BlockCodec {

  static final int LENGTH = 4096 - 8;

  final long fileId;
  final String path;

  /// Run in each verification: the bytes are read, and not yet decoded.
  final AtomicReference<@Nullable Runnable> beforeDecode = new AtomicReference<>();

  /// Run in each encoding: the log was waited for.
  final AtomicReference<@Nullable Runnable> beforeEncode = new AtomicReference<>();

  TestPages(long fileId, String path) {
    this.fileId = fileId;
    this.path = path;
  }

  static void fill(MemorySegment page, long number) {
    for (long at = 0; at < page.byteSize(); at += 8) {
      page.set(ValueLayout.JAVA_LONG_UNALIGNED, at, number);
    }
  }

  /// The number that a whole page holds.
  static long number(MemorySegment page) {
    long number = page.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    for (long at = 8; at < page.byteSize(); at += 8) {
      long found = page.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      if (found != number) {
        throw new AssertionError("a page of " + number + " has " + found + " at " + at);
      }
    }
    return number;
  }

  /// The number in the file itself; −1 past its end or where no page was written.
  static long stored(DataFile file, long fileId, long offset) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment page = arena.allocate(4096, 4096);
      if (file.readFully(page, offset) < 4096 || Encoding.getInt(page, 0) == 0) {
        return -1;
      }
      new TestPages(fileId, file.path()).verify(page, offset);
      return number(page.asSlice(8));
    }
  }

  @Override
  public int verify(MemorySegment stored, long offset) throws CorruptionException {
    Runnable run = beforeDecode.get();
    if (run != null) {
      run.run();
    }
    int expected = Checksum.of(fileId, offset, stored, 4, stored.byteSize() - 4);
    if (Encoding.getInt(stored, 0) != expected) {
      throw new CorruptionException(path, offset, "page checksum");
    }
    return (int) stored.byteSize() - 8;
  }

  @Override
  public void decode(MemorySegment stored, long offset, MemorySegment frame) {
    frame.copyFrom(stored.asSlice(8));
  }

  @Override
  public void encode(MemorySegment frame, long offset, MemorySegment stored) {
    Runnable run = beforeEncode.get();
    if (run != null) {
      run.run();
    }
    stored.asSlice(8).copyFrom(frame);
    Encoding.putInt(stored, 0, Checksum.of(fileId, offset, stored, 4, stored.byteSize() - 4));
  }
}
