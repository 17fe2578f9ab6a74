package dev.iobus.kv.sstable;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Blocks read past the page cache, several in one read, for who walks a whole table once.
/// Confined to one thread.
final class SequentialBlocks implements BlockSource {

  /// One read, in bytes; a larger block is read by itself.
  private static final int RUN_BYTES = 256 << 10;

  private final DataFile file;
  private final IndexBlock index;
  private final TableBlockDecoder decoder;
  private final Scratch run;
  private final Scratch decoded;

  private long runBegin;
  private long runEnd;
  private int checksum;
  private int entryCount;

  SequentialBlocks(
      DataFile file, IndexBlock index, TableBlockDecoder decoder, MemoryBudget.Account account) {
    this.file = file;
    this.index = index;
    this.decoder = decoder;
    this.run = new Scratch(account, file);
    this.decoded = new Scratch(account);
  }

  @Override
  public MemorySegment load(int block) throws IOException {
    BlockHandle handle = index.handle(block);
    if (handle.offset() < runBegin || handle.end() > runEnd) {
      read(block);
    }
    MemorySegment stored =
        run.memory().asSlice(handle.offset() - runBegin, handle.end() - handle.offset());
    int length = decoder.verify(stored, handle.offset());
    checksum = BlockFormat.storedChecksum(stored);
    entryCount = BlockFormat.entryCount(stored);
    if (BlockFormat.isPlain(stored) && stored.byteSize() > RUN_BYTES) {
      // A large value that did not compress is in memory once.
      decoded.trim(RUN_BYTES);
      return decoder.check(
          stored.asSlice(BlockFormat.HEADER_BYTES, length), handle.offset());
    }
    MemorySegment content = decoded.requireAnew(length).asSlice(0, length);
    decoder.decode(stored, handle.offset(), content);
    if (stored.byteSize() > RUN_BYTES) {
      run.trim(RUN_BYTES);
      runEnd = 0;
    }
    return content;
  }

  /// The stored checksum of the block that was loaded last.
  int checksum() {
    return checksum;
  }

  /// The entry count in the header of the block that was loaded last.
  int entryCount() {
    return entryCount;
  }

  @Override
  public void close() {
    run.close();
    decoded.close();
    runBegin = 0;
    runEnd = 0;
  }

  private void read(int block) throws IOException {
    long begin = index.handle(block).offset();
    long end = index.handle(block).end();
    for (int i = block + 1; i < index.count(); i++) {
      long next = index.handle(i).end();
      if (next - begin > RUN_BYTES) {
        break;
      }
      end = next;
    }
    runEnd = 0;
    run.trim(Math.max(RUN_BYTES, end - begin));
    MemorySegment into = run.requireAnew(end - begin).asSlice(0, end - begin);
    long length = file.readFully(into, begin);
    if (length < end - begin) {
      throw new CorruptionException(
          file.path(), begin + length, "the file ends within its data blocks, which end at " + end);
    }
    runBegin = begin;
    runEnd = end;
  }
}
