package dev.iobus.kv.sstable;

import dev.iobus.kv.entry.EntryCursor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Walks over the entries of a table: the index over data blocks, a [BlockCursor] within one.
/// Confined to one thread. Must be closed before its table's reader.
final class SSTableCursor implements EntryCursor {

  private final String path;
  private final IndexBlock index;
  private final BlockSource source;
  private final BlockCursor entries = new BlockCursor();
  private int block;
  private boolean closed;

  SSTableCursor(String path, IndexBlock index, BlockSource source) {
    this.path = path;
    this.index = index;
    this.source = source;
  }

  @Override
  public boolean isValid() {
    return entries.isValid();
  }

  @Override
  public void seekToFirst() throws IOException {
    if (load(0)) {
      entries.seekToFirst();
    }
  }

  @Override
  public void seekToLast() throws IOException {
    if (load(index.count() - 1)) {
      entries.seekToLast();
    }
  }

  @Override
  public void seek(MemorySegment key, long tag) throws IOException {
    if (load(index.find(key, tag))) {
      entries.seek(key, tag);
      // The separator may be greater than the block's last entry.
      if (!entries.isValid() && load(block + 1)) {
        entries.seekToFirst();
      }
    }
  }

  @Override
  public void seekBefore(MemorySegment key, long tag) throws IOException {
    seek(key, tag);
    if (isValid()) {
      previous();
    } else {
      seekToLast();
    }
  }

  @Override
  public void next() throws IOException {
    checkValid();
    entries.next();
    if (!entries.isValid() && load(block + 1)) {
      entries.seekToFirst();
    }
  }

  @Override
  public void previous() throws IOException {
    checkValid();
    entries.previous();
    if (!entries.isValid() && load(block - 1)) {
      entries.seekToLast();
    }
  }

  @Override
  public MemorySegment key() {
    checkValid();
    return entries.key();
  }

  @Override
  public long tag() {
    checkValid();
    return entries.tag();
  }

  @Override
  public MemorySegment value() {
    checkValid();
    return entries.value();
  }

  @Override
  public void close() {
    closed = true;
    entries.clear();
    source.close();
  }

  /// Turns to another block; false, and the cursor invalid, when there is none.
  private boolean load(int newBlock) throws IOException {
    if (closed) {
      throw new IllegalStateException("the cursor is closed");
    }
    entries.clear();
    if (newBlock < 0 || newBlock >= index.count()) {
      return false;
    }
    MemorySegment content = source.load(newBlock);
    entries.open(content, path, index.handle(newBlock).offset());
    block = newBlock;
    return true;
  }

  private void checkValid() {
    if (!entries.isValid()) {
      throw new IllegalStateException(
          closed ? "the cursor is closed" : "the cursor is not at an entry");
    }
  }
}
