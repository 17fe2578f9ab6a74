package dev.iobus.kv.sstable;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads what is not data from a table file: header, footer and the blocks that the footer names.
/// Everything is checked against the file's size before memory is taken for it. Confined to one
/// thread.
final class TableParts implements AutoCloseable {

  private final DataFile file;
  private final Scratch stored;
  private final long size;
  private final long fileId;
  private final Footer footer;

  /// Reads header and footer.
  TableParts(DataFile file, MemoryBudget.Account account) throws IOException {
    this.file = file;
    this.stored = new Scratch(account, file);
    boolean read = false;
    try {
      size = file.size();
      if (size < 2 * BlockFormat.PAGE_BYTES || size % BlockFormat.PAGE_BYTES != 0) {
        throw new CorruptionException(
            file.path(), size, "a table of " + size + " bytes is no whole number of pages");
      }
      MemorySegment page = read(0, 1);
      fileId =
          FileHeader.read(page, file.path(), FileKind.SSTABLE, SSTableFormat.VERSION).fileId();
      checkZero(page, FileHeader.BYTES);
      long offset = size - BlockFormat.PAGE_BYTES;
      footer = Footer.read(read(offset, 1), file.path(), fileId, offset);
      checkContiguous();
      read = true;
    } finally {
      if (!read) {
        close();
      }
    }
  }

  long size() {
    return size;
  }

  long fileId() {
    return fileId;
  }

  Footer footer() {
    return footer;
  }

  /// The blocks that hold no data, in file order.
  List<BlockHandle> parts() {
    List<BlockHandle> parts = new ArrayList<>();
    for (@Nullable BlockHandle handle :
        new @Nullable BlockHandle[] {
          footer.rangeDeletions(), footer.filter(), footer.index(), footer.properties()
        }) {
      if (handle != null) {
        parts.add(handle);
      }
    }
    parts.sort(Comparator.comparingLong(BlockHandle::offset));
    return parts;
  }

  BlockKind kind(BlockHandle handle) {
    if (handle.equals(footer.index())) {
      return BlockKind.INDEX;
    }
    if (handle.equals(footer.properties())) {
      return BlockKind.PROPERTIES;
    }
    return handle.equals(footer.filter()) ? BlockKind.FILTER : BlockKind.RANGE_DELETIONS;
  }

  /// Reads and verifies a block. Returns it as stored, until the next call.
  MemorySegment verify(BlockHandle handle) throws IOException {
    MemorySegment block = read(handle.offset(), handle.pages());
    BlockFormat.verify(block, kind(handle), file.path(), fileId, handle.offset());
    return block;
  }

  /// Reads, verifies and decodes a block into memory of `arena`, for which the caller's account
  /// pays.
  ///
  /// @param skew bytes before the content, to align what it holds
  MemorySegment load(
      BlockHandle handle, Arena arena, MemoryBudget.Account account, int skew)
      throws IOException {
    MemorySegment block = read(handle.offset(), handle.pages());
    int length =
        BlockFormat.verify(block, kind(handle), file.path(), fileId, handle.offset());
    account.reserve(skew + (long) length);
    MemorySegment content;
    try {
      content = arena.allocate(skew + (long) length, BloomFilter.LINE_BYTES).asSlice(skew, length);
    } catch (OutOfMemoryError e) {
      account.release(skew + (long) length);
      throw e;
    }
    boolean decoded = false;
    try {
      BlockFormat.decode(block, content, file.path(), handle.offset());
      decoded = true;
    } finally {
      if (!decoded) {
        account.release(skew + (long) length);
      }
    }
    return content;
  }

  @Override
  public void close() {
    stored.close();
  }

  private MemorySegment read(long offset, int pages) throws IOException {
    long length = (long) pages * BlockFormat.PAGE_BYTES;
    MemorySegment into = stored.require(length).asSlice(0, length);
    long read = file.readFully(into, offset);
    if (read < length) {
      throw new CorruptionException(
          file.path(), offset, read + " bytes, expected " + length + ": the file was cut");
    }
    return into;
  }

  private void checkZero(MemorySegment page, long from) throws CorruptionException {
    for (long i = from; i < page.byteSize(); i++) {
      if (page.get(ValueLayout.JAVA_BYTE, i) != 0) {
        throw new CorruptionException(
            file.path(), i, "the header page is not zero after its header");
      }
    }
  }

  /// No byte between the data blocks and the footer may be outside a checksum.
  private void checkContiguous() throws CorruptionException {
    long at = footer.dataEnd();
    for (BlockHandle part : parts()) {
      if (part.offset() != at) {
        throw new CorruptionException(
            file.path(), at, "the next block is at " + part.offset() + ", a gap or an overlap");
      }
      at = part.end();
    }
    if (at != size - BlockFormat.PAGE_BYTES) {
      throw new CorruptionException(
          file.path(), at, "blocks end here, the footer begins at " + (size - BlockFormat.PAGE_BYTES));
    }
  }
}
