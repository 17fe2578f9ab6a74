package dev.iobus.storage.examples;

import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PageCacheOptions;
import dev.iobus.storage.page.PageEdit;
import dev.iobus.storage.page.PageFile;
import dev.iobus.storage.page.PinnedBlock;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Permit;
import dev.iobus.storage.wal.Place;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// A durable B-tree of numbers on the page cache and the log.
///
/// Every put makes new versions of the pages that it changes, writes them to the log as one record,
/// commits them, and waits for the log. A checkpoint writes the pages to their file and lets go of
/// the log. After a crash the pages in the log are put over those in the file: so a page that was
/// torn while it was written is never read.
///
/// Thread-safe: readers run side by side, and wait for a put only while it changes pages in memory.
final class BTree implements AutoCloseable {

  /// Random for each file, where a directory has several.
  private static final long FILE_ID = NodeCodec.FILE_ID;

  private static final long ROOT = 0;
  private static final String CHECKPOINT = "checkpoint";

  private final SharedBus bus;
  private final DataDirectory directory;
  private final PageCache cache;
  private final DataFile data;
  private final Wal log;
  private final PageFile pages;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();

  /// Where the next new page goes; guarded by the write lock.
  private long end;

  private BTree(Path path, MemoryBudget budget, BusOptions options) throws IOException {
    try (Opening opening = new Opening()) {
      bus = opening.keep(SharedBus.open(options));
      directory = opening.keep(DataDirectory.open(bus, path));
      data = opening.keep(openPages(directory));

      Map<Long, Change> redo = new LinkedHashMap<>();
      log =
          opening.keep(
              Wal.open(
                  directory,
                  WalOptions.defaults(),
                  start(),
                  budget,
                  (lsn, end, record) -> Change.read(lsn, end, record, redo)));
      PageCacheOptions buffers = PageCacheOptions.defaults().withIoBufferBytes(1 << 20);
      cache = PageCache.open(bus, budget, buffers);
      pages = cache.attachPages(
          data, FILE_ID, new NodeCodec(data.path()), lsn -> log.await(lsn, Durability.SYNCED));
      opening.keep(cache);
      opening.keep(pages::discard);

      end = data.size();
      for (Change change : redo.values()) {
        try (PageEdit page = pages.create(change.offset(), 1, Node.BYTES)) {
          page.segment().copyFrom(change.bytes());
          page.commit(change.lsn(), change.end());
        }
        end = Math.max(end, change.offset() + Node.STORED_BYTES);
      }
      if (end == 0) {
        createRoot();
      }
      opening.done();
    }
  }

  private static DataFile openPages(DataDirectory directory) throws IOException {
    return directory.list().contains("pages")
        ? directory.open("pages", true, OpenFlag.WRITE)
        : directory.create("pages", true);
  }

  private void createRoot() throws IOException {
    try (NewVersions versions = new NewVersions()) {
      versions.create(ROOT); // Zeros are an empty leaf.
      log.await(versions.logAndCommit(), Durability.SYNCED);
      end = Node.STORED_BYTES;
    }
  }

  static BTree open(Path path, long memoryBytes) throws IOException {
    return open(path, memoryBytes, BusOptions.defaults());
  }

  /// As above on a host of one's own choice.
  static BTree open(Path path, long memoryBytes, BusOptions options) throws IOException {
    return new BTree(path, new MemoryBudget(memoryBytes), options);
  }

  OptionalLong get(long key) throws IOException {
    lock.readLock().lock();
    try {
      long at = ROOT;
      while (true) {
        try (PinnedBlock page = cache.pin(pages.blocks(), at, 1)) {
          Node node = new Node(page.segment());
          int i = node.find(key);
          if (node.isLeaf()) {
            return i >= 0 && node.key(i) == key
                ? OptionalLong.of(node.value(i))
                : OptionalLong.empty();
          }
          at = node.value(Math.max(0, i));
        }
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  void put(long key, long value) throws IOException {
    long logged;
    lock.writeLock().lock();
    try (NewVersions versions = new NewVersions()) {
      insert(versions, key, value);
      logged = versions.logAndCommit();
    } finally {
      lock.writeLock().unlock();
    }
    log.await(logged, Durability.SYNCED);
  }

  /// Goes down from the root, and splits each full page on the way, so that a page always has room
  /// for one more child.
  private void insert(NewVersions versions, long key, long value) throws IOException {
    Node node = versions.read(ROOT);
    long at = ROOT;
    if (node.isFull()) {
      // The root stays where it is: its entries move to two pages below it.
      Node left = versions.create(end);
      Node right = versions.create(end + Node.STORED_BYTES);
      node.copyTo(left, 0, node.count() / 2);
      node.copyTo(right, node.count() / 2, node.count());
      node = versions.edit(ROOT);
      node.becomeInner(left.key(0), end, right.key(0), end + Node.STORED_BYTES);
      end += 2L * Node.STORED_BYTES;
    }
    while (!node.isLeaf()) {
      int i = Math.max(0, node.find(key));
      long childAt = node.value(i);
      Node child = versions.read(childAt);
      if (child.isFull()) {
        Node sibling = versions.create(end);
        child = versions.edit(childAt);
        int half = child.count() / 2;
        child.copyTo(sibling, half, child.count());
        child.cut(half);
        node = versions.edit(at);
        node.insert(i + 1, sibling.key(0), end);
        if (key >= sibling.key(0)) {
          childAt = end;
          child = sibling;
        }
        end += Node.STORED_BYTES;
      }
      node = child;
      at = childAt;
    }
    Node leaf = versions.edit(at);
    int i = leaf.find(key);
    if (i >= 0 && leaf.key(i) == key) {
      leaf.setValue(i, value);
    } else {
      leaf.insert(i + 1, key, value);
    }
  }

  /// The pages that one put reads and changes, until they are committed together.
  private final class NewVersions implements AutoCloseable {
    private final Map<Long, PageEdit> edits = new LinkedHashMap<>();
    private final Map<Long, PinnedBlock> pins = new LinkedHashMap<>();

    Node read(long offset) throws IOException {
      PageEdit edit = edits.get(offset);
      if (edit != null) {
        return new Node(edit.segment());
      }
      PinnedBlock pinned = pins.get(offset);
      if (pinned == null) {
        pinned = cache.pin(pages.blocks(), offset, 1);
        pins.put(offset, pinned);
      }
      return new Node(pinned.segment());
    }

    Node edit(long offset) throws IOException {
      if (!edits.containsKey(offset)) {
        edits.put(offset, pages.edit(offset, 1));
      }
      return read(offset);
    }

    Node create(long offset) throws IOException {
      edits.put(offset, pages.create(offset, 1, Node.BYTES));
      return read(offset);
    }

    /// Returns the position in the log that must be durable for the put to be.
    long logAndCommit() throws IOException {
      Permit permit = log.acquire(edits.size() * Change.BYTES);
      Place record = log.reserve(permit);
      try {
        long at = 0;
        for (Map.Entry<Long, PageEdit> edit : edits.entrySet()) {
          at = Change.put(record, at, edit.getKey(), edit.getValue().segment());
        }
        record.fill();
      } finally {
        record.abandon(); // Nothing happens if it was filled; else the log would wait for it for ever.
      }
      edits.values().forEach(edit -> edit.commit(record.lsn(), record.end()));
      return record.end();
    }

    /// What was not committed never was.
    @Override
    public void close() {
      edits.values().forEach(PageEdit::close);
      pins.values().forEach(PinnedBlock::close);
    }
  }

  /// A page in a record of the log.
  private record Change(long offset, MemorySegment bytes, long lsn, long end) {
    static final int BYTES = 8 + Node.BYTES;

    static long put(Place record, long at, long offset, MemorySegment page) {
      MemorySegment head = MemorySegment.ofArray(new byte[8]);
      Encoding.putLong(head, 0, offset);
      record.put(at, head, 0, 8);
      record.put(at + 8, page, 0, Node.BYTES);
      return at + BYTES;
    }

    /// Puts the pages of a record over older ones.
    static void read(long lsn, long end, MemorySegment record, Map<Long, Change> newest) {
      for (long at = 0; at < record.byteSize(); at += BYTES) {
        long offset = Encoding.getLong(record, at);
        MemorySegment bytes =
            MemorySegment.ofArray(new byte[Node.BYTES])
                .copyFrom(record.asSlice(at + 8, Node.BYTES));
        newest.put(offset, new Change(offset, bytes, lsn, end));
      }
    }
  }

  /// Makes the file as new as the log, so that the log begins anew.
  void checkpoint() throws IOException {
    long position;
    lock.writeLock().lock();
    try {
      position = log.tail(); // Every record before it is of a change that was committed.
    } finally {
      lock.writeLock().unlock();
    }
    pages.flush();
    writeStart(Math.min(position, pages.neededFromLsn()));
    log.release(start().lsn());
  }

  /// Where the log is needed from: a file that is replaced as a whole.
  private void writeStart(long lsn) throws IOException {
    String next = CHECKPOINT + ".next";
    if (directory.list().contains(next)) {
      directory.delete(next);
    }
    try (Arena arena = Arena.ofShared();
        DataFile file = directory.create(next, false)) {
      MemorySegment bytes = arena.allocate(16);
      Encoding.putLong(bytes, 0, lsn);
      Encoding.putLong(bytes, 8, log.durableLsn());
      file.writeFully(bytes, 0, WriteFlag.NONE);
      file.sync();
    }
    directory.rename(next, CHECKPOINT);
    directory.sync();
  }

  private WalStart start() throws IOException {
    if (!directory.list().contains(CHECKPOINT)) {
      return WalStart.NEW;
    }
    try (Arena arena = Arena.ofShared();
        DataFile file = directory.open(CHECKPOINT, false, OpenFlag.READ)) {
      MemorySegment bytes = arena.allocate(16);
      file.readFully(bytes, 0);
      return new WalStart(Encoding.getLong(bytes, 0), Encoding.getLong(bytes, 8));
    }
  }

  /// Writes everything to the file.
  @Override
  public void close() throws IOException {
    checkpoint();
    pages.close();
    closeRest();
  }

  /// Ends as a crash does: what is in memory is lost.
  void crash() throws IOException {
    pages.discard();
    closeRest();
  }

  private void closeRest() throws IOException {
    cache.close();
    log.close();
    data.close();
    directory.close();
    bus.close();
  }
}
