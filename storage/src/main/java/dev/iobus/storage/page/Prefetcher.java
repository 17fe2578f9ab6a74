package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Reads blocks that nobody waits for yet, on tasks of its own: each reads one step and decodes it
/// while those of the others are in flight, so that the device is not without work meanwhile. A task
/// is started when none is idle, up to eight. Thread-safe.
///
/// What waits for a task is bounded: a request that finds no room is dropped, since who needs the
/// block later reads it anyway.
final class Prefetcher {

  private static final int TASKS = 8;

  /// What the largest block that is read ahead may take of the slab, as its part.
  private static final int BLOCK_PART = 4;

  private final Scheduler scheduler;
  private final FrameTable table;
  private final BlockLoads loads;
  private final BlockReader reader;

  /// Pages of a step of several blocks at most: one transfer, where they lie side by side.
  private final int stepPages;

  private final int blockPagesMax;
  private final int queuedPagesMax;

  /// Pages of the slab that all tasks use at most, so that half of it is left to those who wait for
  /// their blocks.
  private final int readingPagesMax;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition wanted;
  private final Scheduler.Condition ended;

  // Guarded by lock.
  private final ArrayDeque<Step> queue = new ArrayDeque<>();
  private int queuedPages;
  private int readingPages;
  private int tasks;
  private int idleTasks;
  private boolean closing;

  final LongAdder prefetches = new LongAdder();

  /// @param pages of the slab
  Prefetcher(
      Scheduler scheduler, FrameTable table, BlockLoads loads, BlockReader reader, int pages) {
    this.scheduler = scheduler;
    this.table = table;
    this.loads = loads;
    this.reader = reader;
    this.readingPagesMax = pages / 2;
    int transferPages = TransferRuns.MERGED_BYTES_MAX / PageCache.PAGE_BYTES;
    this.stepPages = Math.clamp(readingPagesMax / TASKS, 1, transferPages);
    this.blockPagesMax = pages / BLOCK_PART;
    this.queuedPagesMax = pages;
    this.lock = scheduler.newLock();
    this.wanted = lock.newCondition();
    this.ended = lock.newCondition();
  }

  /// The most bytes that are worth asking for at a time: while they are used, the next are read.
  long windowBytesMax() {
    return IoSlab.byteOffset(blockPagesMax);
  }

  /// Has those of the blocks read that are neither in the cache nor being read, as far as there is
  /// room; returns how many. Never waits for a device.
  int prefetch(BlockFile[] files, long[] offsets, int[] pages, int count) {
    int room = room();
    int begun = 0;
    Step step = new Step();
    try {
      for (int i = 0; i < count && pages[i] <= room; i++) {
        if (pages[i] > blockPagesMax) {
          continue;
        }
        if (step.pages + pages[i] > stepPages) {
          Step full = step;
          step = new Step();
          enqueue(full);
        }
        if (register(files[i], offsets[i], pages[i], step)) {
          begun++;
          room -= pages[i];
        }
      }
    } finally {
      // Also when a file is closed meanwhile: what is registered must end.
      enqueue(step);
    }
    prefetches.add(begun);
    return begun;
  }

  private int room() {
    lock.lock();
    try {
      return closing ? 0 : queuedPagesMax - queuedPages;
    } finally {
      lock.unlock();
    }
  }

  /// Registers a load and adds it to `step`; false when that is not needed.
  private boolean register(BlockFile file, long offset, int pages, Step step) {
    if (table.find(file.fileId(), offset) != null) {
      return false;
    }
    BlockLoad load = new BlockLoad(file, offset, pages, BlockLoad.Keep.AHEAD);
    if (loads.register(load) != null) {
      return false;
    }
    boolean needed = false;
    try {
      Frame frame = table.findExactly(file.fileId(), offset);
      if (frame != null) {
        frame.unpin();
        return false;
      }
      file.enterTransfer();
      needed = true;
      step.add(load);
      return true;
    } finally {
      if (!needed) {
        loads.withdraw(load);
      }
    }
  }

  private void enqueue(Step step) {
    if (step.loads.isEmpty()) {
      return;
    }
    boolean taken = false;
    try {
      lock.lock();
      try {
        if (!closing) {
          startTask();
          queue.addLast(step);
          queuedPages += step.pages;
          taken = true;
          wanted.signal();
        }
      } finally {
        lock.unlock();
      }
    } finally {
      if (!taken) {
        withdraw(step);
      }
    }
  }

  /// Starts one more unless one is idle that none of the steps in the queue has woken.
  private void startTask() {
    if (idleTasks > queue.size() || tasks == TASKS) {
      return;
    }
    try {
      scheduler.start("page-prefetch", this::run);
      tasks++;
    } catch (OutOfMemoryError e) {
      if (tasks == 0) {
        throw e;
      }
      // The host has no thread for it: those that run come to this step, too, a little later.
    }
  }

  private void run() {
    Step step = next(0);
    while (step != null) {
      reader.read(step.loads, WaitLimit.none()); // What finds no frame is dropped.
      step = next(step.pages);
    }
  }

  /// The step to read next; null when the task shall end.
  ///
  /// @param readPages pages of the step that the task has read
  private @Nullable Step next(int readPages) {
    lock.lock();
    try {
      readingPages -= readPages;
      while (!closing && !mayReadNext()) {
        idleTasks++;
        wanted.await();
        idleTasks--;
      }
      Step step = queue.pollFirst();
      if (step == null) {
        tasks--;
        ended.signalAll();
        return null;
      }
      queuedPages -= step.pages;
      readingPages += step.pages;
      if (mayReadNext()) {
        wanted.signal(); // Who was woken for it may have gone back to sleep for lack of pages.
      }
      return step;
    } finally {
      lock.unlock();
    }
  }

  private boolean mayReadNext() {
    Step step = queue.peekFirst();
    return step != null && (readingPages == 0 || readingPages + step.pages <= readingPagesMax);
  }

  /// Drops what no task has begun, and waits for the tasks to end. Later requests are dropped.
  void close() {
    List<Step> dropped;
    lock.lock();
    try {
      closing = true;
      dropped = List.copyOf(queue);
      queue.clear();
      queuedPages = 0;
      wanted.signalAll();
    } finally {
      lock.unlock();
    }
    dropped.forEach(this::withdraw);
    lock.lock();
    try {
      while (tasks > 0) {
        ended.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Ends loads that nobody reads: who joined one looks again, and reads.
  private void withdraw(Step step) {
    for (BlockLoad load : step.loads) {
      load.file().leaveTransfer();
      loads.withdraw(load);
    }
  }

  /// Blocks that one task reads together. By the task that asks for them, then by the one that reads.
  private static final class Step {
    final List<BlockLoad> loads = new ArrayList<>();
    int pages;

    void add(BlockLoad load) {
      loads.add(load);
      pages += load.pages();
    }
  }
}
