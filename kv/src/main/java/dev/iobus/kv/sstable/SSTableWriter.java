package dev.iobus.kv.sstable;

import dev.iobus.WriteFlag;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// Sorted entries to a table file. Confined to one thread.
///
/// The caller creates the file and closes it; a table that was not finished is the caller's to
/// delete. The writer's memory (a little over 1 MiB, 8 bytes a key for the filter, more for large
/// entries) is reserved in the account it was given.
public final class SSTableWriter implements AutoCloseable {

  /// One write to the file, in bytes.
  private static final int OUTPUT_BYTES = 512 << 10;

  private final DataFile file;
  private final long fileId;
  private final MemoryBudget.Account account;
  private final int filterBitsPerKey;

  private final DataBlocks blocks;
  private final IndexWriter index;
  private final Scratch output;
  private final Scratch hashes;
  private final Scratch part;

  private boolean filters;
  private long hashCount;
  private long offset;
  private long flushed;
  private long digest;
  private boolean finished;

  // The entry that was added last, and the one that was added first.
  private byte[] lastKey = new byte[128];
  private int lastKeyLength;
  private long lastTag;
  private byte @Nullable [] firstKey;
  private long firstTag;

  // Totals.
  private long entries;
  private long deletions;
  private long keyBytes;
  private long valueBytes;
  private long smallestSequence = Long.MAX_VALUE;
  private long largestSequence;

  /// @param file empty; written from its begin on
  /// @param fileId 64 random bits of this file alone
  /// @param account pays for the writer's memory
  /// @param codec how blocks are stored where that saves a page
  /// @param filterBitsPerKey 1 to 24, or 0 for no filter; 10 let 1.2 % of absent keys through
  /// @throws IOException when the account does not get the memory
  public SSTableWriter(
      DataFile file,
      long fileId,
      MemoryBudget.Account account,
      Codec codec,
      int filterBitsPerKey)
      throws IOException {
    if (filterBitsPerKey < 0 || filterBitsPerKey > 24) {
      throw new IllegalArgumentException(filterBitsPerKey + " filter bits per key, not 0 to 24");
    }
    this.file = file;
    this.fileId = fileId;
    this.account = account;
    this.filterBitsPerKey = filterBitsPerKey;
    this.filters = filterBitsPerKey > 0;
    this.digest = SSTableFormat.digestBegin(fileId);
    this.index = new IndexWriter(account);
    this.output = new Scratch(account, file);
    this.hashes = new Scratch(account);
    this.part = new Scratch(account, file);
    this.blocks = new DataBlocks(this, file, account, codec, index);
    boolean made = false;
    try {
      MemorySegment page =
          output.require(OUTPUT_BYTES).asSlice(0, BlockFormat.PAGE_BYTES).fill((byte) 0);
      new FileHeader(FileKind.SSTABLE, SSTableFormat.VERSION, fileId).write(page);
      offset = BlockFormat.PAGE_BYTES;
      made = true;
    } finally {
      if (!made) {
        close();
      }
    }
  }

  /// Adds an entry that comes after all before. Key and value are copied.
  ///
  /// @throws IllegalArgumentException when the order, a length or the kind is not what a table
  ///     holds
  /// @throws IOException when the file cannot be written or memory is not granted
  public void add(MemorySegment key, long tag, MemorySegment value) throws IOException {
    check(key, tag);
    long hash = Hash64.of(key);
    boolean newKey = !isLastKey(key);
    if (newKey && filters) {
      addHash(hash);
    }
    remember(key, tag, value, newKey);
    blocks.add(key, tag, hash, value);
  }

  /// Bytes that the file has so far, with what is still in memory.
  public long size() {
    return offset + blocks.pendingBytes();
  }

  /// How many entries were added.
  public long entries() {
    return entries;
  }

  /// Writes what is left, makes the file durable, and says what is in it. The directory that names
  /// the file is not synced.
  ///
  /// @throws IllegalStateException when no entry was added or the writer is finished
  public TableProperties finish() throws IOException {
    if (firstKey == null || finished) {
      throw new IllegalStateException(finished ? "the table is finished" : "an empty table");
    }
    finished = true;
    blocks.finish();
    BlockHandle filterHandle = filters ? writeFilter() : null;
    MemorySegment content = part.require(BlockFormat.HEADER_BYTES + index.contentBound());
    long length = index.write(content.asSlice(BlockFormat.HEADER_BYTES));
    BlockHandle indexHandle = writePart(BlockKind.INDEX, length, index.count());
    TableProperties properties = properties(0, 0);
    length = properties.contentLength();
    content = part.require(BlockFormat.HEADER_BYTES + length);
    properties.write(content.asSlice(BlockFormat.HEADER_BYTES));
    BlockHandle propertiesHandle = writePart(BlockKind.PROPERTIES, length, 0);
    Footer footer = new Footer(indexHandle, propertiesHandle, filterHandle, null, digest);
    MemorySegment page = part.require(BlockFormat.PAGE_BYTES);
    footer.write(page, fileId, offset);
    append(page.asSlice(0, BlockFormat.PAGE_BYTES));
    flush();
    file.sync();
    return properties(offset, digest);
  }

  /// Gives the memory back; may be called twice.
  @Override
  public void close() {
    blocks.close();
    index.close();
    output.close();
    hashes.close();
    part.close();
  }

  /// Seals a block whose content lies in `stored` and appends it to the file.
  ///
  /// @param stored aligned to pages; has room for the padding
  BlockHandle writeBlock(
      MemorySegment stored,
      Codec codec,
      BlockKind kind,
      int storedLength,
      int decodedLength,
      int count)
      throws IOException {
    int pages = BlockFormat.pages(storedLength);
    int checksum =
        BlockFormat.seal(
            stored, codec, kind, storedLength, decodedLength, count, fileId, offset);
    digest = SSTableFormat.digest(digest, pages, checksum);
    BlockHandle handle = new BlockHandle(offset, pages);
    append(stored.asSlice(0, (long) pages * BlockFormat.PAGE_BYTES));
    return handle;
  }

  private BlockHandle writePart(BlockKind kind, long length, int count) throws IOException {
    if (length > BlockFormat.DECODED_MAX) {
      throw new IOException(file.path() + ": " + kind + " block of " + length + " bytes, too many");
    }
    long size = (long) BlockFormat.pages(length) * BlockFormat.PAGE_BYTES;
    return writeBlock(part.require(size), Codec.NONE, kind, (int) length, (int) length, count);
  }

  private @Nullable BlockHandle writeFilter() throws IOException {
    int lines = BloomFilter.linesFor(hashCount, filterBitsPerKey);
    long length = BloomFilter.HEADER_BYTES + (long) lines * BloomFilter.LINE_BYTES;
    if (!part.tryGrow(BlockFormat.HEADER_BYTES + length)) {
      // As when there is no room for a hash: the table is right without a filter.
      return null;
    }
    MemorySegment content = part.memory().asSlice(BlockFormat.HEADER_BYTES, length).fill((byte) 0);
    int probes = BloomFilter.probesFor(filterBitsPerKey);
    BloomFilter.writeHeader(content, lines, probes);
    BloomFilter filter =
        new BloomFilter(content.asSlice(BloomFilter.HEADER_BYTES), lines, probes);
    MemorySegment memory = hashes.memory();
    for (long i = 0; i < hashCount; i++) {
      filter.add(memory.getAtIndex(ValueLayout.JAVA_LONG, i));
    }
    return writePart(BlockKind.FILTER, length, 0);
  }

  /// Copies to the output buffer; writes that when it is full, and what is larger at once.
  private void append(MemorySegment bytes) throws IOException {
    long length = bytes.byteSize();
    if (offset - flushed + length > OUTPUT_BYTES) {
      flush();
    }
    if (length > OUTPUT_BYTES) {
      file.writeFully(bytes, offset, WriteFlag.NONE);
      offset += length;
      flushed = offset;
      return;
    }
    MemorySegment.copy(bytes, 0, output.memory(), offset - flushed, length);
    offset += length;
  }

  private void flush() throws IOException {
    if (offset > flushed) {
      file.writeFully(output.memory().asSlice(0, offset - flushed), flushed, WriteFlag.NONE);
      flushed = offset;
    }
  }

  private void check(MemorySegment key, long tag) {
    if (finished) {
      throw new IllegalStateException("the table is finished");
    }
    if (key.byteSize() > BlockFormat.KEY_MAX) {
      throw new IllegalArgumentException("a key of " + key.byteSize() + " bytes, at most 65535");
    }
    EntryKind kind = EntryKind.of(InternalKey.kindCode(tag));
    if (kind != EntryKind.PUT && kind != EntryKind.DELETE && kind != EntryKind.SINGLE_DELETE) {
      throw new IllegalArgumentException("this version writes no entry of kind " + kind);
    }
    if (entries > 0
        && InternalKey.compare(lastKeySegment(), lastTag, key, tag) >= 0) {
      throw new IllegalArgumentException("entry " + entries + " does not come after the one before");
    }
  }

  private void remember(MemorySegment key, long tag, MemorySegment value, boolean newKey) {
    if (newKey) {
      int length = (int) key.byteSize();
      if (length > lastKey.length) {
        lastKey = new byte[Math.max(length, 2 * lastKey.length)];
      }
      MemorySegment.copy(key, 0, MemorySegment.ofArray(lastKey), 0, length);
      lastKeyLength = length;
    }
    if (firstKey == null) {
      firstKey = key.toArray(ValueLayout.JAVA_BYTE);
      firstTag = tag;
    }
    lastTag = tag;
    entries++;
    deletions += InternalKey.kindCode(tag) == EntryKind.PUT.code() ? 0 : 1;
    keyBytes += key.byteSize();
    valueBytes += value.byteSize();
    long sequence = InternalKey.sequence(tag);
    smallestSequence = Math.min(smallestSequence, sequence);
    largestSequence = Math.max(largestSequence, sequence);
  }

  private boolean isLastKey(MemorySegment key) {
    return entries > 0 && InternalKey.compareKeys(lastKeySegment(), key) == 0;
  }

  private MemorySegment lastKeySegment() {
    return MemorySegment.ofArray(lastKey).asSlice(0, lastKeyLength);
  }

  /// Keeps the hash of a key. A table whose hashes find no memory gets no filter: it is right, and
  /// slower for keys that it does not hold.
  private void addHash(long hash) {
    long end = (hashCount + 1) * Long.BYTES;
    if (end > hashes.memory().byteSize() && !hashes.tryGrow(Math.max(end, 64 << 10))) {
      filters = false;
      return;
    }
    hashes.memory().setAtIndex(ValueLayout.JAVA_LONG, hashCount++, hash);
  }

  private TableProperties properties(long size, long finalDigest) {
    byte[] first = firstKey;
    assert first != null;
    return new TableProperties(
        fileId,
        size,
        finalDigest,
        first,
        firstTag,
        lastKeySegment().toArray(ValueLayout.JAVA_BYTE),
        lastTag,
        smallestSequence,
        largestSequence,
        entries,
        deletions,
        0,
        TableProperties.NO_EXPIRY,
        keyBytes,
        valueBytes,
        index.count(),
        blocks.paddingBytes());
  }

  @Override
  public String toString() {
    return "SSTableWriter(" + file.path() + ", " + account + ")";
  }
}
