package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.file.Claim;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A file whose pages are changed through the cache.
///
/// ```java
/// try (PageEdit page = file.edit(offset, 1)) {
///   change(page.segment());
///   Place record = log(page);                 // the change, in the log
///   page.commit(record.lsn(), record.end());  // visible
/// }
/// long tail = log.tail();                       // while no record of a change waits for its commit
/// file.flush();                                 // durable in the file
/// log.release(Math.min(tail, file.neededFromLsn()));
/// ```
///
/// A change makes a new version of its page, in a frame of its own; a version that was committed is
/// never changed again. So readers take no latch: who has pinned a page keeps the version that was
/// there, whole. What several pages have to agree on is ordered by the caller's own locks.
///
/// Versions stay in memory until they are written: by [#flush()], by who changes pages of any file
/// when half of the cache is dirty, or by [#close()]; those first that have waited for longest, and
/// never before the log is durable up to what their commit said. A page is written in place, so
/// that a loss of power may tear it. Its checksum tells; an owner who must survive it puts whole pages
/// into the log the first time they change after a [#flush()], or never writes to a page that is
/// still needed.
///
/// Thread-safe; calls wait for the device.
public final class PageFile implements AutoCloseable {

  /// Pages that are written together.
  private static final int BATCH = 64;

  private final PageCache cache;
  private final BlockFile blocks;
  private final Claim claim;
  private final BlockCodec codec;
  private final DurableLog log;
  private final PageVersions versions;
  private final WriteBack writeBack;
  private final DirtyPages dirty;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition ended;

  // Guarded by lock.
  private final Set<Long> editing = new HashSet<>();
  private boolean closed;

  PageFile(
      PageCache cache,
      Scheduler scheduler,
      BlockFile blocks,
      Claim claim,
      BlockCodec codec,
      DurableLog log,
      PageVersions versions,
      WriteBack writeBack) {
    this.cache = cache;
    this.blocks = blocks;
    this.claim = claim;
    this.codec = codec;
    this.log = log;
    this.versions = versions;
    this.writeBack = writeBack;
    this.dirty =
        new DirtyPages(
            scheduler, blocks, versions.frames(), versions.dirtyBytes(), versions.commits());
    this.lock = scheduler.newLock();
    this.ended = lock.newCondition();
  }

  /// The file for pins, prefetches and read-ahead. It is closed with this one, not by itself.
  public BlockFile blocks() {
    return blocks;
  }

  /// Begins a new version of a page with the bytes of the newest one, reading it on a miss. Waits
  /// while another edit of the page is open.
  ///
  /// @throws IllegalArgumentException when the page has more than 256 KiB in memory
  /// @throws dev.iobus.storage.file.CorruptionException when the page is damaged
  /// @throws dev.iobus.storage.memory.MemoryLimitException when every frame is pinned
  /// @throws IOException when it cannot be read, or dirty pages cannot be written
  public PageEdit edit(long offset, int pages) throws IOException {
    begin(offset, pages);
    boolean open = false;
    try (PinnedBlock newest = cache.pin(blocks, offset, pages)) {
      MemorySegment from = newest.segment();
      int length = Math.toIntExact(from.byteSize());
      checkLength(length);
      Frame frame = frame(offset, length);
      open = true;
      MemorySegment to = frame.loadInto(length).copyFrom(from);
      return new PageEdit(this, offset, pages, frame, to);
    } finally {
      if (!open) {
        end(offset);
      }
    }
  }

  /// Begins a version of a page whose content so far does not matter, with zeros. The file is not
  /// read, and grows when the version is written.
  ///
  /// @param length bytes of the page in memory, 0 to 256 KiB
  /// @throws dev.iobus.storage.memory.MemoryLimitException when every frame is pinned
  /// @throws IOException when dirty pages cannot be written
  public PageEdit create(long offset, int pages, int length) throws IOException {
    checkLength(length);
    begin(offset, pages);
    boolean open = false;
    try {
      Frame frame = frame(offset, length);
      open = true;
      return new PageEdit(this, offset, pages, frame, frame.loadInto(length).fill((byte) 0));
    } finally {
      if (!open) {
        end(offset);
      }
    }
  }

  private static void checkLength(int length) {
    if (length < 0 || length > FrameSizes.CAPACITY_MAX) {
      throw new IllegalArgumentException(
          "a page of " + length + " bytes, expected 0 to " + FrameSizes.CAPACITY_MAX);
    }
  }

  /// Makes every change durable in the file that was committed before the call.
  ///
  /// @throws IOException when the log, a write or the sync fails. The pages stay dirty; a sync
  ///     that failed is final, see [dev.iobus.storage.file.DataFile]: nothing is written any more,
  ///     and pages that are not in the cache cannot be read, as the kernel may have forgotten them
  public void flush() throws IOException {
    long last = dirty.lastCommit();
    List<DirtyPage> batch = dirty.take(last, BATCH);
    while (!batch.isEmpty()) {
      writeBack.write(dirty, batch, codec, log);
      batch = dirty.take(last, BATCH);
    }
    dirty.beginSync();
    boolean synced = false;
    try {
      blocks.file().dataSync();
      synced = true;
    } finally {
      dirty.endSync(synced);
    }
  }

  /// Where the log's records begin that tell of changes that were committed and are not durable in
  /// the file; [Long#MAX_VALUE] when there are none. The log is needed from there on, and from the
  /// first record of a change whose commit is yet to come.
  public long neededFromLsn() {
    return dirty.neededFromLsn();
  }

  /// Pages whose newest version is not in the file.
  public int dirtyPages() {
    return dirty.count();
  }

  /// Flushes, then closes as [BlockFile#close()] does. The second call does nothing.
  ///
  /// @throws IllegalStateException when edits are open; nothing is closed then
  /// @throws IOException when the flush fails; nothing is closed then, and [#discard()] is left
  @Override
  public void close() throws IOException {
    if (!beginClose()) {
      return;
    }
    boolean flushed = false;
    try {
      flush();
      flushed = true;
    } finally {
      if (!flushed) {
        reopen();
      }
    }
    versions.remove(this);
    blocks.detach();
    claim.close();
  }

  /// Forgets all changes that are not written, and closes: they are in the log alone, if anywhere.
  ///
  /// @throws IllegalStateException when edits are open; nothing is closed then
  public void discard() {
    if (beginClose()) {
      versions.remove(this);
      dirty.discardAll();
      blocks.detach();
      claim.close();
    }
  }

  private boolean beginClose() {
    lock.lock();
    try {
      if (!editing.isEmpty()) {
        throw new IllegalStateException(
            editing.size() + " edits are open: commit or close them, then close " + blocks);
      }
      boolean first = !closed;
      closed = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  private void reopen() {
    lock.lock();
    try {
      closed = false;
    } finally {
      lock.unlock();
    }
  }

  private void begin(long offset, int pages) throws IOException {
    cache.check(blocks, offset, pages);
    if (pages > writeBack.blockPagesMax()) {
      throw new IllegalArgumentException(
          "a page of " + pages + " × 4 KiB: at most " + writeBack.blockPagesMax()
              + ", a quarter of the I/O slab, can be written");
    }
    if (versions.isFull()) {
      versions.writeOldest(this);
    }
    lock.lock();
    try {
      while (!closed && editing.contains(offset)) {
        ended.await();
      }
      if (closed) {
        throw new IllegalStateException("page file " + blocks.file().path() + " is closed");
      }
      editing.add(offset);
    } finally {
      lock.unlock();
    }
  }

  private void end(long offset) {
    lock.lock();
    try {
      editing.remove(offset);
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// The number of the commit that has waited for longest to be written; of a file without dirty
  /// pages the largest number.
  long oldestCommit() {
    return dirty.oldestCommit();
  }

  /// Writes the pages that have been dirty for longest; false when none is.
  boolean writeSome() throws IOException {
    List<DirtyPage> batch = dirty.take(DirtyPage.NONE, BATCH);
    if (batch.isEmpty()) {
      return false;
    }
    writeBack.write(dirty, batch, codec, log);
    return true;
  }

  /// A frame for a new version; pages are written as long as there is none and some are dirty.
  private Frame frame(long offset, int length) throws IOException {
    Frame frame = versions.allocate(blocks, offset, length);
    while (frame == null) {
      if (!versions.writeOldest(this)) {
        throw versions.noFrame(length);
      }
      frame = versions.allocate(blocks, offset, length);
    }
    return frame;
  }

  void commit(long offset, int pages, Frame frame, int length, long lsn, long endLsn) {
    versions.publish(blocks, offset, pages, length, frame);
    dirty.add(offset, pages, frame, lsn, endLsn);
    end(offset);
  }

  void giveUp(long offset, Frame frame) {
    versions.frames().giveBack(frame);
    end(offset);
  }

  @Override
  public String toString() {
    return "PageFile[" + blocks.file().path() + "]";
  }
}
