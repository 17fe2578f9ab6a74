package dev.iobus.storage.page;

import dev.iobus.BackendKind;
import dev.iobus.BusFile;
import dev.iobus.IoBatch;
import dev.iobus.RegisteredBuffer;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The memory that device transfers land in, cut into pages that are taken in contiguous runs. It is
/// registered where the host grants that, and it is no more than half of what may be locked. A step
/// takes all its runs at once or waits in arrival order; whoever holds runs waits for the device alone,
/// so the wait ends. Thread-safe.
final class IoSlab {

  private final SharedBus bus;
  private final Arena arena;
  private final MemorySegment memory;

  /// The memory as the kernel knows it; null where too little may be locked.
  private final @Nullable RegisteredBuffer buffer;

  /// What may be locked on this host.
  private final long lockedBytesMax;

  private final int pageCount;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition changed;

  // Guarded by lock.
  private final BitSet taken;
  private long nextTicket;
  private long servedTicket;

  /// What the bus failed with as pages were in flight; the memory is then never freed.
  private volatile @Nullable Throwable abandonedBy;

  private IoSlab(
      SharedBus bus,
      Arena arena,
      MemorySegment memory,
      @Nullable RegisteredBuffer buffer,
      long lockedBytesMax) {
    this.bus = bus;
    this.arena = arena;
    this.memory = memory;
    this.buffer = buffer;
    this.lockedBytesMax = lockedBytesMax;
    this.pageCount = (int) (memory.byteSize() / PageCache.PAGE_BYTES);
    this.taken = new BitSet(pageCount);
    this.lock = bus.scheduler().newLock();
    this.changed = lock.newCondition();
  }

  /// @param bytes a multiple of the page, reserved by the caller
  static IoSlab open(SharedBus bus, int bytes) throws IOException {
    return open(bus, bytes, bus.host().lockedBytesMax());
  }

  /// @param lockedBytesMax what may be locked on this host: half of it is left to the rings and the
  ///     other slabs of the same user, who could open none any more
  static IoSlab open(SharedBus bus, int bytes, long lockedBytesMax) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      MemorySegment memory = arena.allocate(bytes, PageCache.PAGE_BYTES);
      int times = bus.rings();
      if (bus.backend() == BackendKind.IO_URING) { // Before Linux 6.13 each of them locks it.
        times = (int) Math.min(times, lockedBytesMax / 2 / bytes);
      }
      RegisteredBuffer buffer = times == 0 ? null : bus.register(memory, times);
      return new IoSlab(bus, arena, memory, buffer, lockedBytesMax);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  int pageCount() {
    return pageCount;
  }

  /// The memory of one run.
  MemorySegment memory(int firstPage, int pages) {
    return memory.asSlice(byteOffset(firstPage), byteOffset(pages));
  }

  /// Reads a part of a file into the pages from `firstPage` on, as [SharedBus#readFully].
  long readFully(BusFile file, int firstPage, int length, long offset) throws IOException {
    long at = byteOffset(firstPage);
    return buffer != null
        ? bus.readFully(file, buffer, at, length, offset)
        : bus.readFully(file, memory.asSlice(at, length), offset);
  }

  /// Adds reads into the pages from `firstPage` on to a batch, as many as
  /// [TransferRuns#transferCount] tells.
  void addReads(IoBatch batch, BusFile file, int firstPage, long bytes, long offset) {
    for (long done = 0; done < bytes; done += TransferRuns.TRANSFER_BYTES_MAX) {
      long at = byteOffset(firstPage) + done;
      int length = (int) Math.min(TransferRuns.TRANSFER_BYTES_MAX, bytes - done);
      if (buffer != null) {
        batch.read(file, buffer, at, length, offset + done);
      } else {
        batch.read(file, memory.asSlice(at, length), offset + done);
      }
    }
  }

  /// Adds writes of those pages, as [#addReads].
  void addWrites(IoBatch batch, BusFile file, int firstPage, long bytes, long offset) {
    for (long done = 0; done < bytes; done += TransferRuns.TRANSFER_BYTES_MAX) {
      long at = byteOffset(firstPage) + done;
      int length = (int) Math.min(TransferRuns.TRANSFER_BYTES_MAX, bytes - done);
      if (buffer != null) {
        batch.write(file, buffer, at, length, offset + done, WriteFlag.NONE);
      } else {
        batch.write(file, memory.asSlice(at, length), offset + done, WriteFlag.NONE);
      }
    }
  }

  /// Heap bytes of a slab of that size: a bit for each page.
  static long heapBytes(int bytes) {
    return bytes / PageCache.PAGE_BYTES / Byte.SIZE;
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
    String bytes = memory.byteSize() / 1024 + " KiB, ";
    if (buffer == null) {
      return bytes
          + "plain memory: more than half of the "
          + lockedBytesMax
          + " bytes that the memlock limit allows; raise it (ulimit -l)";
    }
    if (!buffer.isRegistered()) {
      return bytes + "plain memory: " + buffer.refusal();
    }
    return buffer.rings() == bus.rings()
        ? bytes + "registered"
        : bytes
            + "registered with "
            + buffer.rings()
            + " of "
            + bus.rings()
            + " rings: half of the "
            + lockedBytesMax
            + " bytes that the memlock limit allows hold no more; raise it (ulimit -l)";
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
    if (buffer != null) {
      bus.unregister(buffer);
    }
    arena.close();
    return bytes;
  }
}
