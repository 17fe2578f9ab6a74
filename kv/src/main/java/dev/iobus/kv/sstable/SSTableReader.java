package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import dev.iobus.storage.page.BlockFile;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PinnedBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// An open table: index and filter in memory, data blocks through the page cache. Thread-safe.
///
/// A point read asks the filter, then the index, then one block. Who reads many keys at once does
/// the same in steps, so that all blocks can be pinned in one call: [#hash], [#mayContain],
/// [#find], `PageCache.pinAll` with [#blockOffset] and [#blockPages], [#search].
///
/// The caller closes the reader after the last use of it and of its cursors; later use is an
/// [IllegalStateException]. The file stays the caller's to close, after the reader.
public final class SSTableReader implements AutoCloseable {

  /// What the manifest says of a table.
  public record Expected(long fileId, long size, long digest) {}

  private final PageCache cache;
  private final DataFile file;
  private final MemoryBudget.Account account;
  private final Arena arena;
  private final long memoryBytes;
  private final TableProperties properties;
  private final IndexBlock index;
  private final @Nullable BloomFilter filter;
  private final TableBlockDecoder decoder;
  private final BlockFile blockFile;
  private final AtomicBoolean closed = new AtomicBoolean();

  /// Opens a table and loads its index, and its filter if the account has memory for that.
  ///
  /// @param file an intact table file, open for reading
  /// @param expected what the file must be, or null to take it as it is
  /// @param account pays for index and filter
  /// @throws CorruptionException when the file is damaged or not the expected one
  /// @throws FormatVersionException when it holds what this version cannot read
  /// @throws IOException when it cannot be read, or the account does not get the memory
  public static SSTableReader open(
      PageCache cache, DataFile file, @Nullable Expected expected, MemoryBudget.Account account)
      throws IOException {
    try (TableParts parts = new TableParts(file, account)) {
      checkExpected(parts, file, expected);
      Loading loading = new Loading(account);
      try {
        SSTableReader reader = new SSTableReader(cache, file, parts, loading);
        loading.done = true;
        return reader;
      } finally {
        loading.close();
      }
    }
  }

  private SSTableReader(PageCache cache, DataFile file, TableParts parts, Loading loading)
      throws IOException {
    Footer footer = parts.footer();
    this.cache = cache;
    this.file = file;
    this.account = loading.account;
    this.arena = loading.arena;
    BlockHandle at = footer.properties();
    MemorySegment content = loading.load(parts, at, 0);
    this.properties =
        TableProperties.read(
            content, file.path(), at.offset(), parts.fileId(), parts.size(), footer.digest());
    if (footer.rangeDeletions() != null || properties.rangeDeletions() != 0) {
      throw new FormatVersionException(
          file.path(),
          "the table holds range deletions, which this version does not serve; open it with the"
              + " iobus release that wrote it, or a newer one");
    }
    at = footer.index();
    this.index =
        new IndexBlock(loading.load(parts, at, 0), file.path(), at.offset(), footer.dataEnd());
    this.filter = loadFilter(footer.filter(), file, parts, loading);
    this.memoryBytes = loading.bytes;
    this.decoder = new TableBlockDecoder(file.path(), parts.fileId());
    this.blockFile = cache.attach(file, parts.fileId(), decoder);
  }

  /// What the table says of itself.
  public TableProperties properties() {
    return properties;
  }

  /// The file as the page cache knows it.
  public BlockFile blockFile() {
    return blockFile;
  }

  /// Bytes of memory that index and filter take.
  public long memoryBytes() {
    return memoryBytes;
  }

  /// The hash of a key that [#mayContain] and [#search] ask for; the same for all tables.
  public static long hash(MemorySegment key) {
    return Hash64.of(key);
  }

  /// Whether the table may hold entries of the key with this hash; false is certain.
  public boolean mayContain(long hash) {
    return filter == null || filter.mayContain(hash);
  }

  /// The data block to search for `key` at `seekTag`, or −1 when the table holds nothing there.
  public int find(MemorySegment key, long seekTag) {
    int block = index.find(key, seekTag);
    return block < index.count() ? block : -1;
  }

  /// Where a data block begins in the file, in bytes.
  public long blockOffset(int block) {
    return BlockHandle.offset(index.packed(block));
  }

  /// How many pages a data block takes.
  public int blockPages(int block) {
    return BlockHandle.pages(index.packed(block));
  }

  /// Looks for the newest version of `key` at or below `seekTag` in a block that [#find] named.
  ///
  /// @param content the decoded block
  /// @param hash of the key
  /// @param hit tells which version it is and where its value lies
  /// @throws CorruptionException when the block is damaged
  public boolean search(
      MemorySegment content, int block, MemorySegment key, long seekTag, long hash, BlockHit hit)
      throws CorruptionException {
    return hit.reader
        .open(content, file.path(), blockOffset(block))
        .search(key, seekTag, hash, hit);
  }

  /// Looks for the newest version of `key` at or below `seekTag` without copying its value.
  ///
  /// @param hash of the key
  /// @return the block that `hit` speaks of, which the caller closes; null when there is no version
  public @Nullable PinnedBlock lookup(MemorySegment key, long seekTag, long hash, BlockHit hit)
      throws IOException {
    int block = mayContain(hash) ? find(key, seekTag) : -1;
    if (block < 0) {
      return null;
    }
    PinnedBlock pinned = cache.pin(blockFile, blockOffset(block), blockPages(block));
    boolean found = false;
    try {
      found = search(pinned.segment(), block, key, seekTag, hash, hit);
    } finally {
      if (!found) {
        pinned.close();
      }
    }
    return found ? pinned : null;
  }

  /// The newest version of `key` at or below `seekTag`; a found value is a copy on the heap.
  ///
  /// @throws FormatVersionException when that version is of a kind that cannot be served
  public Lookup get(MemorySegment key, long seekTag) throws IOException {
    BlockHit hit = new BlockHit();
    try (PinnedBlock pinned = lookup(key, seekTag, Hash64.of(key), hit)) {
      if (pinned == null) {
        return Lookup.Absent.ABSENT;
      }
      if (Lookup.isDeletion(hit.tag(), file.path())) {
        return Lookup.Deleted.DELETED;
      }
      byte[] value = hit.value(pinned.segment()).toArray(ValueLayout.JAVA_BYTE);
      return new Lookup.Found(MemorySegment.ofArray(value), hit.tag());
    }
  }

  /// A walk through the page cache, with one block pinned at a time.
  public EntryCursor cursor() {
    checkOpen();
    return new SSTableCursor(
        file.path(), index, new CachedBlocks(cache, blockFile, index));
  }

  /// A walk past the page cache that reads many blocks at a time, for who reads the whole table.
  ///
  /// @param payer pays for the buffers: 256 KiB and the largest block, stored and decoded
  public EntryCursor scan(MemoryBudget.Account payer) {
    checkOpen();
    return new SSTableCursor(
        file.path(), index, new SequentialBlocks(file, index, decoder, payer));
  }

  /// Reads the whole file and checks every checksum, the order and count of the entries, and that
  /// index, filter, properties and digest say the same as the entries.
  ///
  /// @param payer pays for the buffers, as in [#scan]
  /// @return how many entries there are
  /// @throws CorruptionException on the first damage
  public long verify(MemoryBudget.Account payer) throws IOException {
    checkOpen();
    try (TableParts parts = new TableParts(file, payer);
        SequentialBlocks blocks = new SequentialBlocks(file, index, decoder, payer)) {
      return new TableVerifier(file.path(), properties, index, filter).verify(parts, blocks);
    }
  }

  /// Lets go of the file's frames, the index and the filter; may be called twice.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      blockFile.close();
      arena.close();
      account.release(memoryBytes);
    }
  }

  @Override
  public String toString() {
    return "SSTableReader(" + file.path() + ")";
  }

  private void checkOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the table is closed");
    }
  }

  private static void checkExpected(
      TableParts parts, DataFile file, @Nullable Expected expected) throws CorruptionException {
    if (expected == null) {
      return;
    }
    Expected found = new Expected(parts.fileId(), parts.size(), parts.footer().digest());
    if (!found.equals(expected)) {
      throw new CorruptionException(
          file.path(), 0, "not the table that was written: " + found + ", expected " + expected);
    }
  }

  private static @Nullable BloomFilter loadFilter(
      @Nullable BlockHandle handle, DataFile file, TableParts parts, Loading loading)
      throws IOException {
    if (handle == null) {
      return null;
    }
    int skew = BloomFilter.LINE_BYTES - BloomFilter.HEADER_BYTES;
    MemorySegment content;
    try {
      content = loading.load(parts, handle, skew);
    } catch (MemoryLimitException e) {
      // As when it was written: the table is right without a filter, and slower for keys that it
      // does not hold.
      return null;
    }
    return BloomFilter.read(content, file.path(), handle.offset());
  }

  /// Memory of a table that is being opened; freed unless it was opened.
  private static final class Loading implements AutoCloseable {

    final MemoryBudget.Account account;
    final Arena arena = Arena.ofShared();
    long bytes;
    boolean done;

    Loading(MemoryBudget.Account account) {
      this.account = account;
    }

    MemorySegment load(TableParts parts, BlockHandle handle, int skew) throws IOException {
      MemorySegment content = parts.load(handle, arena, account, skew);
      bytes += skew + content.byteSize();
      return content;
    }

    @Override
    public void close() {
      if (!done) {
        arena.close();
        account.release(bytes);
      }
    }
  }
}
