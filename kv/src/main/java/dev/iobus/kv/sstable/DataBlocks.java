package dev.iobus.kv.sstable;

import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The data blocks of a table that is written: collects entries, cuts where [PageFit] says,
/// compresses, and gives the index its separators. Confined to one thread.
///
/// A block is cut before the entry that would need one more page, which is known only once that
/// entry is there; the entries after the cut then begin the next block.
final class DataBlocks implements AutoCloseable {

  /// What is kept for the next block, in bytes: more came with a large value.
  private static final long MEMORY_KEPT = 2L * PageFit.DECODED_MAX;

  private final SSTableWriter table;
  private final Codec codec;
  private final IndexWriter index;
  private final PageFit fit;
  private final Scratch image;
  private final Scratch stored;
  private final BlockCursor cursor = new BlockCursor();

  private BlockWriter current;
  private BlockWriter spare;

  /// Entries of [#current] whose arrival was looked at.
  private int examined;

  /// Compressions tried for [#current].
  private int attempts;

  /// Where [#current] would have least padding so far; 0: nowhere.
  private int bestCount;

  private double bestPadding;

  // The block written last, whose separator needs the first key of the next.
  private @Nullable BlockHandle pendingHandle;
  private byte[] pendingKey = {};
  private long pendingTag;

  // The outcome of the last attempt, which lies in [#stored].
  private int storedLength;
  private int contentLength;
  private Codec storedCodec = Codec.NONE;

  DataBlocks(
      SSTableWriter table,
      DataFile file,
      MemoryBudget.Account account,
      Codec codec,
      IndexWriter index) {
    this.table = table;
    this.codec = codec;
    this.index = index;
    this.fit = new PageFit(codec);
    this.image = new Scratch(account, file);
    this.stored = new Scratch(account, file);
    this.current = new BlockWriter(account);
    this.spare = new BlockWriter(account);
  }

  void add(MemorySegment key, long tag, long hash, MemorySegment value) throws IOException {
    if (current.count() == 0) {
      separate(key);
    }
    current.add(key, tag, hash, value);
    while (examined < current.count()) {
      examined++;
      examine(examined);
    }
  }

  /// Writes what is left, and the last separator.
  void finish() throws IOException {
    while (current.count() > 0) {
      int count = current.count();
      attempts = PageFit.ATTEMPTS_MAX;
      compress(count);
      write(count);
    }
    BlockHandle handle = pendingHandle;
    if (handle != null) {
      index.add(MemorySegment.ofArray(pendingKey), pendingTag, handle);
      pendingHandle = null;
    }
  }

  long pendingBytes() {
    return current.count() == 0
        ? 0
        : (long) fit.pages(current.contentLength(current.count())) * BlockFormat.PAGE_BYTES;
  }

  long paddingBytes() {
    return fit.paddingBytes();
  }

  @Override
  public void close() {
    current.close();
    spare.close();
    image.close();
    stored.close();
  }

  /// Cuts the block if the arrival of its `count`-th entry says so.
  private void examine(int count) throws IOException {
    long content = current.contentLength(count);
    int pages = fit.pages(content);
    boolean full =
        pages > PageFit.PAGES_MAX
            || content > PageFit.DECODED_MAX
            || count == BlockWriter.COUNT_MAX;
    if (count == 1) {
      if (full) {
        attempts = PageFit.ATTEMPTS_MAX;
        compress(1);
        write(1);
      }
      return;
    }
    int before = count - 1;
    int pagesBefore = fit.pages(current.contentLength(before));
    if (full) {
      cutAtBest(before, pagesBefore);
    } else if (pages > pagesBefore) {
      double padding = note(before);
      if (padding <= fit.paddingMax() || !fit.isTight()) {
        tryCut(before, pagesBefore);
      }
    }
  }

  /// Remembers a place to cut at. Returns its expected padding.
  private double note(int count) {
    double padding = fit.padding(current.contentLength(count));
    if (bestCount == 0 || padding < bestPadding) {
      bestCount = count;
      bestPadding = padding;
    }
    return padding;
  }

  private void cutAtBest(int before, int pagesBefore) throws IOException {
    if (pagesBefore <= PageFit.PAGES_MAX) {
      note(before);
    }
    int count = bestCount > 0 ? bestCount : before;
    attempts = PageFit.ATTEMPTS_MAX;
    compress(count);
    write(count);
  }

  /// Tries to store the first `count` entries in `pages` pages. Leaves the block as it is when
  /// there is room for more entries.
  private void tryCut(int count, int pages) throws IOException {
    int tried = count;
    for (boolean shrunk = false; ; shrunk = true) {
      attempts++;
      compress(tried);
      int used = BlockFormat.pages(storedLength);
      boolean last = attempts >= PageFit.ATTEMPTS_MAX || (shrunk && used <= pages);
      if (last || (used <= pages && PageFit.padding(storedLength, used) <= fit.paddingMax())) {
        write(tried);
        return;
      }
      if (used <= pages) {
        return;
      }
      int smaller = countFor(tried, fit.contentFor(pages, shrunk ? 0.08 : 0.02));
      if (smaller == 0) {
        write(tried);
        return;
      }
      tried = smaller;
    }
  }

  /// How many of the first `below` − 1 entries have at most so much content.
  private int countFor(int below, long content) {
    int low = 0;
    int high = below - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (current.contentLength(middle) <= content) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// Stores the first `count` entries in [#stored], compressed where that saves a page.
  private void compress(int count) throws IOException {
    contentLength = Math.toIntExact(current.contentLength(count));
    int plainPages = BlockFormat.pages(contentLength);
    boolean compresses = fit.shouldCompress();
    int bound = compresses ? codec.bound(contentLength) : contentLength;
    MemorySegment content = content(count);
    // The padding of the longest outcome has room too.
    MemorySegment target =
        stored
            .requireAnew((long) BlockFormat.pages(bound) * BlockFormat.PAGE_BYTES)
            .asSlice(BlockFormat.HEADER_BYTES);
    if (compresses) {
      int length = codec.compress(content, target);
      fit.compressed(contentLength, length);
      if (BlockFormat.pages(length) < plainPages) {
        storedLength = length;
        storedCodec = codec;
        return;
      }
    }
    MemorySegment.copy(content, 0, target, 0, contentLength);
    storedLength = contentLength;
    storedCodec = Codec.NONE;
  }

  /// The content of a block of the first `count` entries. That of all, which a large value makes
  /// large, is not copied.
  private MemorySegment content(int count) throws IOException {
    if (count == current.count()) {
      return current.content();
    }
    int length = Math.toIntExact(current.contentLength(count));
    MemorySegment content = image.requireAnew(length).asSlice(0, length);
    current.write(count, content);
    return content;
  }

  /// Writes the block in [#stored], of the first `count` entries, and begins the next with those
  /// that are left.
  private void write(int count) throws IOException {
    pendingHandle =
        table.writeBlock(
            stored.memory(), storedCodec, BlockKind.DATA, storedLength, contentLength, count);
    fit.written(BlockFormat.pages(storedLength), storedLength);
    int all = current.count();
    stored.trim(MEMORY_KEPT);
    cursor.open(current.content(), "memory", 0);
    cursor.seekToIndex(count - 1);
    pendingKey = cursor.key().toArray(ValueLayout.JAVA_BYTE);
    pendingTag = cursor.tag();
    spare.clear();
    for (int i = count; i < all; i++) {
      cursor.next();
      if (i == count) {
        separate(cursor.key());
      }
      spare.add(cursor.key(), cursor.tag(), current.hash(i), cursor.value());
    }
    BlockWriter written = current;
    current = spare;
    spare = written;
    spare.clear();
    examined = 0;
    attempts = 0;
    bestCount = 0;
  }

  /// Gives the index the separator between the block written last and the entry that begins the
  /// next one.
  private void separate(MemorySegment key) throws IOException {
    BlockHandle handle = pendingHandle;
    if (handle == null) {
      return;
    }
    byte[] next = key.toArray(ValueLayout.JAVA_BYTE);
    if (Arrays.equals(pendingKey, next)) {
      // Versions of one key in two blocks: the tag tells them apart.
      index.add(MemorySegment.ofArray(pendingKey), pendingTag, handle);
    } else {
      // Tag 0 is after every version of the separator, so all entries of the block are before it.
      index.add(MemorySegment.ofArray(IndexWriter.separator(pendingKey, next)), 0, handle);
    }
    pendingHandle = null;
  }
}
