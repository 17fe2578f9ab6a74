package dev.iobus.storage.page;

import dev.iobus.RegisteredBuffer;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The memory that device transfers land in: one buffer, registered where the host grants it, cut
/// into pages that are taken in contiguous runs. A step takes all its runs at once or waits in
/// arrival order; whoever holds runs waits for the device alone, so the wait ends. Thread-safe.
final class IoSlab {

  private final SharedBus bus;
  private final Arena arena;
  private final RegisteredBuffer buffer;
  private final int pageCount;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition changed;

  // Guarded by lock.
  private final BitSet taken;
  private long nextTicket;
  private long servedTicket;

  /// What the bus failed with as pages were in flight; the memory is then never freed.
  private volatile @Nullable Throwable abandonedBy;

  private IoSlab(SharedBus bus, Arena arena, RegisteredBuffer buffer) {
    this.bus = bus;
    this.arena = arena;
    this.buffer = buffer;
    this.pageCount = (int) (buffer.memory().byteSize() / PageCache.PAGE_BYTES);
    this.taken = new BitSet(pageCount);
    this.lock = bus.scheduler().newLock();
    this.changed = lock.newCondition();
  }

  /// @param bytes a multiple of the page, reserved by the caller
  static IoSlab open(SharedBus bus, int bytes) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment memory = arena.allocate(bytes, PageCache.PAGE_BYTES);
      return new IoSlab(bus, arena, bus.register(memory));
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  RegisteredBuffer buffer() {
    return buffer;
  }

  int pageCount() {
    return pageCount;
  }

  /// The memory of one run.
  MemorySegment memory(int firstPage, int pages) {
    return buffer.memory().asSlice(byteOffset(firstPage), byteOffset(pages));
  }

  static long byteOffset(int pages) {
    return (long) pages * PageCache.PAGE_BYTES;
  }

  /// Takes one run; waits until it is free.
  ///
  /// @param pages at most [#pageCount()]
  /// @return its first page
  /// @throws IOException when the bus has failed
  int take(int pages) throws IOException {
    lock.lock();
    try {
      long ticket = enterLine();
      int first = servedTicket == ticket ? tryTake(pages) : -1;
      while (first < 0) {
        awaitChange();
        first = servedTicket == ticket ? tryTake(pages) : -1;
      }
      served();
      return first;
    } finally {
      lock.unlock();
    }
  }

  private long enterLine() throws IOException {
    requireUsable();
    return nextTicket++;
  }

  private void awaitChange() throws IOException {
    changed.await();
    requireUsable();
  }

  /// Pages that a failed bus has kept do not come back, and nobody can use others.
  private void requireUsable() throws IOException {
    Throwable cause = abandonedBy;
    if (cause != null) {
      throw new IOException("the bus has failed: its files must be opened again", cause);
    }
  }

  private void served() {
    servedTicket++;
    if (servedTicket != nextTicket) {
      changed.signalAll(); // The next in line may fit as well.
    }
  }

  /// Takes `count` runs at once; waits until they are free.
  ///
  /// @param pages lengths of the runs; their sum is at most [#pageCount()], so that they fit when
  ///     all others have been given back
  /// @param firstPages where the first page of each run is stored
  /// @throws IOException when the bus has failed
  void take(int[] pages, int count, int[] firstPages) throws IOException {
    lock.lock();
    try {
      long ticket = enterLine();
      while (servedTicket != ticket || !tryTake(pages, count, firstPages)) {
        awaitChange();
      }
      served();
    } finally {
      lock.unlock();
    }
  }

  /// First fit for each run in turn; gives all back when one does not fit.
  private boolean tryTake(int[] pages, int count, int[] firstPages) {
    for (int i = 0; i < count; i++) {
      firstPages[i] = tryTake(pages[i]);
      if (firstPages[i] < 0) {
        for (int j = 0; j < i; j++) {
          free(firstPages[j], pages[j]);
        }
        return false;
      }
    }
    return true;
  }

  /// First fit; −1 when there is no run of that length.
  private int tryTake(int pages) {
    int first = findRun(pages);
    if (first >= 0) {
      taken.set(first, first + pages);
    }
    return first;
  }

  private int findRun(int pages) {
    int first = taken.nextClearBit(0);
    while (first + pages <= pageCount) {
      int end = taken.nextSetBit(first);
      if (end < 0 || end - first >= pages) {
        return first;
      }
      first = taken.nextClearBit(end);
    }
    return -1;
  }

  /// Gives a run back, after its transfer ended.
  void giveBack(int firstPage, int pages) {
    lock.lock();
    try {
      free(firstPage, pages);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void free(int firstPage, int pages) {
    assert taken.nextClearBit(firstPage) >= firstPage + pages : "a run is free";
    taken.clear(firstPage, firstPage + pages);
  }

  /// Gives runs back, after their transfers ended.
  void giveBack(int[] pages, int count, int[] firstPages) {
    lock.lock();
    try {
      for (int i = 0; i < count; i++) {
        free(firstPages[i], pages[i]);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Keeps runs for ever, because their transfers may never have ended, and refuses all that others
  /// want: the bus has failed.
  void abandon(Throwable cause) {
    lock.lock();
    try {
      if (abandonedBy == null) {
        abandonedBy = cause;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// One line for statistics.
  String describe() {
    String bytes = buffer.memory().byteSize() / 1024 + " KiB, ";
    String refusal = buffer.refusal();
    return bytes + (buffer.isRegistered() ? "registered" : "plain memory: " + refusal);
  }

  /// Ends the registration and frees the memory, except where a failed bus may still write to it.
  ///
  /// @return the bytes that were freed
  /// @throws IllegalStateException when transfers are in flight; nothing is freed then
  long close() {
    if (abandonedBy != null) {
      return 0;
    }
    long bytes = byteOffset(pageCount);
    bus.unregister(buffer);
    arena.close();
    return bytes;
  }
}
