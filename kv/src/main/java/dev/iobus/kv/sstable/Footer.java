package dev.iobus.kv.sstable;

import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The last page of a table: where its other parts are. Immutable.
///
/// @param index the index block
/// @param properties the properties block
/// @param filter the filter block, or null
/// @param rangeDeletions the range-deletion block, or null
/// @param digest over all blocks, see [SSTableFormat]
record Footer(
    BlockHandle index,
    BlockHandle properties,
    @Nullable BlockHandle filter,
    @Nullable BlockHandle rangeDeletions,
    long digest) {

  /// Fills `page`, which will lie at `offset`.
  void write(MemorySegment page, long fileId, long offset) {
    page.asSlice(0, BlockFormat.PAGE_BYTES).fill((byte) 0);
    Encoding.putLong(page, SSTableFormat.FOOTER_MAGIC_OFFSET, SSTableFormat.FOOTER_MAGIC);
    Encoding.putInt(page, SSTableFormat.FOOTER_VERSION_OFFSET, SSTableFormat.VERSION);
    long begin = SSTableFormat.FOOTER_RECORDS_OFFSET;
    long at = begin;
    at = putHandle(page, at, SSTableFormat.FOOTER_FILTER, filter);
    at = putHandle(page, at, SSTableFormat.FOOTER_INDEX, index);
    at = putHandle(page, at, SSTableFormat.FOOTER_PROPERTIES, properties);
    at = putHandle(page, at, SSTableFormat.FOOTER_RANGE_DELETIONS, rangeDeletions);
    at = FormatRecords.putLong(page, at, SSTableFormat.FOOTER_DIGEST, digest);
    Encoding.putInt(page, SSTableFormat.FOOTER_RECORDS_LENGTH_OFFSET, (int) (at - begin));
    Encoding.putInt(
        page,
        SSTableFormat.FOOTER_CHECKSUM_OFFSET,
        Checksum.of(fileId, offset, page, 0, SSTableFormat.FOOTER_CHECKSUM_OFFSET));
  }

  /// Reads and checks a footer page; all handles lie between the header page and `offset`.
  ///
  /// @param offset where the page lies in the file
  static Footer read(MemorySegment page, String path, long fileId, long offset)
      throws CorruptionException, FormatVersionException {
    long magic = Encoding.getLong(page, SSTableFormat.FOOTER_MAGIC_OFFSET);
    int found = Encoding.getInt(page, SSTableFormat.FOOTER_CHECKSUM_OFFSET);
    int expected = Checksum.of(fileId, offset, page, 0, SSTableFormat.FOOTER_CHECKSUM_OFFSET);
    if (magic != SSTableFormat.FOOTER_MAGIC || found != expected) {
      throw new CorruptionException(
          path,
          offset,
          "footer with magic " + Long.toHexString(magic) + " and checksum "
              + Integer.toHexString(found) + ", expected "
              + Long.toHexString(SSTableFormat.FOOTER_MAGIC) + " and "
              + Integer.toHexString(expected));
    }
    int version = Encoding.getInt(page, SSTableFormat.FOOTER_VERSION_OFFSET);
    if (version != SSTableFormat.VERSION) {
      throw new FormatVersionException(
          path,
          "table version " + version + ", this library reads " + SSTableFormat.VERSION
              + "; open it with the iobus release that wrote it, or a newer one");
    }
    int length = Encoding.getInt(page, SSTableFormat.FOOTER_RECORDS_LENGTH_OFFSET);
    int begin = SSTableFormat.FOOTER_RECORDS_OFFSET;
    if (length < 0 || length > SSTableFormat.FOOTER_CHECKSUM_OFFSET - begin) {
      throw new CorruptionException(path, offset, "footer records of " + length + " bytes");
    }
    Reader reader = new Reader(path, offset);
    FormatRecords.read(page.asSlice(begin, length), path, offset, reader);
    BlockHandle index = reader.handles[SSTableFormat.FOOTER_INDEX];
    BlockHandle properties = reader.handles[SSTableFormat.FOOTER_PROPERTIES];
    if (index == null || properties == null || !reader.hasDigest) {
      throw new CorruptionException(path, offset, "footer without index, properties or digest");
    }
    return new Footer(
        index,
        properties,
        reader.handles[SSTableFormat.FOOTER_FILTER],
        reader.handles[SSTableFormat.FOOTER_RANGE_DELETIONS],
        reader.digest);
  }

  /// Where the data blocks end: at the first of the other blocks.
  long dataEnd() {
    long end = Math.min(index.offset(), properties.offset());
    end = filter == null ? end : Math.min(end, filter.offset());
    return rangeDeletions == null ? end : Math.min(end, rangeDeletions.offset());
  }

  private static long putHandle(
      MemorySegment page, long at, int tag, @Nullable BlockHandle handle) {
    if (handle == null) {
      return at;
    }
    long from = FormatRecords.begin(page, at, tag, SSTableFormat.HANDLE_BYTES);
    Encoding.putLong(page, from, handle.offset());
    Encoding.putInt(page, from + 8, handle.pages());
    return from + SSTableFormat.HANDLE_BYTES;
  }

  private static final class Reader implements FormatRecords.Consumer {

    final @Nullable BlockHandle[] handles = new @Nullable BlockHandle[256];
    long digest;
    boolean hasDigest;
    private final String path;
    private final long footerOffset;

    Reader(String path, long footerOffset) {
      this.path = path;
      this.footerOffset = footerOffset;
    }

    @Override
    public boolean take(int tag, MemorySegment records, long from, int length)
        throws CorruptionException {
      switch (tag) {
        case SSTableFormat.FOOTER_DIGEST -> {
          check(length == Long.BYTES, tag);
          digest = Encoding.getLong(records, from);
          hasDigest = true;
        }
        case SSTableFormat.FOOTER_FILTER,
            SSTableFormat.FOOTER_INDEX,
            SSTableFormat.FOOTER_PROPERTIES,
            SSTableFormat.FOOTER_RANGE_DELETIONS -> {
          check(length == SSTableFormat.HANDLE_BYTES, tag);
          long offset = Encoding.getLong(records, from);
          int pages = Encoding.getInt(records, from + 8);
          check(offset >= BlockFormat.PAGE_BYTES && offset % BlockFormat.PAGE_BYTES == 0, tag);
          check(pages >= 1 && pages <= BlockHandle.PAGES_MAX, tag);
          check(offset <= footerOffset - (long) pages * BlockFormat.PAGE_BYTES, tag);
          handles[tag] = new BlockHandle(offset, pages);
        }
        default -> {
          return false;
        }
      }
      return true;
    }

    private void check(boolean holds, int tag) throws CorruptionException {
      if (!holds) {
        throw new CorruptionException(path, footerOffset, "footer record " + tag + " is invalid");
      }
    }
  }
}
