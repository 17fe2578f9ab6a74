package dev.iobus.storage.page;

import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Puts new versions of pages in the place of old ones. Thread-safe.
///
/// While a version takes its place, the page is registered as being loaded, so that no read of the
/// file can end meanwhile and put an old version beside it. Who misses the page at this moment
/// waits for it and looks again.
final class PageVersions {

  private final FrameTable table;
  private final FrameAllocator frames;
  private final BlockLoads loads;
  private final MemoryBudget.Account account;
  private final long dirtyBytesMax;
  private final AtomicLong dirtyBytes = new AtomicLong();
  private final AtomicLong commits = new AtomicLong();

  /// Those whose pages may be dirty.
  private final List<PageFile> files = new CopyOnWriteArrayList<>();

  /// @param account where frames are reserved
  /// @param dirtyBytesMax above it, who changes a page writes some first
  PageVersions(
      FrameTable table,
      FrameAllocator frames,
      BlockLoads loads,
      MemoryBudget.Account account,
      long dirtyBytesMax) {
    this.table = table;
    this.frames = frames;
    this.loads = loads;
    this.account = account;
    this.dirtyBytesMax = dirtyBytesMax;
  }

  FrameAllocator frames() {
    return frames;
  }

  /// Capacity of the frames that are dirty, of all files.
  AtomicLong dirtyBytes() {
    return dirtyBytes;
  }

  /// Numbers commits in the order of all files.
  AtomicLong commits() {
    return commits;
  }

  void add(PageFile file) {
    files.add(file);
  }

  void remove(PageFile file) {
    files.remove(file);
  }

  boolean isFull() {
    return dirtyBytes.get() > dirtyBytesMax;
  }

  /// Writes some of the pages that have been dirty for longest, whosever they are: memory is shared
  /// by all files. Returns whether it did.
  ///
  /// @param asking its failure is the caller's; another's is that one's alone, and its pages stay
  /// @throws IOException when the pages of `asking` cannot be written
  boolean writeOldest(PageFile asking) throws IOException {
    List<PageFile> left = new ArrayList<>(files);
    while (!left.isEmpty()) {
      PageFile oldest = Collections.min(left, Comparator.comparingLong(PageFile::oldestCommit));
      try {
        if (oldest.writeSome()) {
          return true;
        }
      } catch (IOException e) {
        if (oldest == asking) {
          throw e;
        }
        // Who flushes or closes that file is told; the next one has pages as well.
      }
      left.remove(oldest);
    }
    return false;
  }

  /// A frame for a new version; null when each is pinned or dirty.
  @Nullable Frame allocate(BlockFile file, long offset, int length) {
    return frames.allocate(length, file.fileId(), offset, false);
  }

  /// What to throw when there is no frame and none can be made clean.
  IOException noFrame(int length) {
    return account.refusal(length);
  }

  /// Makes a LOADING frame the version that every later pin gets; it has one pin.
  void publish(BlockFile file, long offset, int pages, int length, Frame version) {
    BlockLoad place = new BlockLoad(file, offset, pages, BlockLoad.Keep.NOWHERE);
    BlockLoad running = loads.register(place);
    while (running != null) {
      loads.await(running);
      running = loads.register(place);
    }
    Frame before = table.replace(version, file.fileId(), offset, length);
    loads.withdraw(place);
    if (before != null) {
      version.inheritUses(before);
      frames.discard(before);
    }
  }
}
