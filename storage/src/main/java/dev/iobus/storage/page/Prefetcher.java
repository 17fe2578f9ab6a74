package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Reads blocks that nobody waits for yet, on tasks of its own, which it starts with the first of
/// them: two, so that one reads while the other decodes. Thread-safe.
///
/// What waits for a task is bounded: a request that finds no room is dropped, since who needs the
/// block later reads it anyway.
final class Prefetcher {

  private static final int TASKS = 2;

  private final Scheduler scheduler;
  private final FrameTable table;
  private final BlockLoads loads;
  private final BlockReader reader;

  /// Pages of the slab that one task uses at most.
  private final int stepPages;

  private final int queuedPagesMax;

  private final Scheduler.Lock lock;
  private final Scheduler.Condition wanted;
  private final Scheduler.Condition ended;

  // Guarded by lock.
  private final ArrayDeque<List<BlockLoad>> queue = new ArrayDeque<>();
  private int queuedPages;
  private int tasks;
  private boolean closing;

  final LongAdder prefetches = new LongAdder();

  /// @param pages of the slab
  Prefetcher(
      Scheduler scheduler, FrameTable table, BlockLoads loads, BlockReader reader, int pages) {
    this.scheduler = scheduler;
    this.table = table;
    this.loads = loads;
    this.reader = reader;
    // So much in all that half of the slab is left to those who wait for their blocks.
    this.stepPages = Math.max(1, pages / 4);
    this.queuedPagesMax = pages;
    this.lock = scheduler.newLock();
    this.wanted = lock.newCondition();
    this.ended = lock.newCondition();
  }

  /// The most bytes that are read by one task at a time.
  long stepBytes() {
    return IoSlab.byteOffset(stepPages);
  }

  /// Has those of the blocks read that are neither in the cache nor being read, as far as there is
  /// room; returns how many. Never waits for a device.
  int prefetch(BlockFile[] files, long[] offsets, int[] pages, int count) {
    int room = room();
    int begun = 0;
    List<BlockLoad> step = new ArrayList<>();
    int sum = 0;
    try {
      for (int i = 0; i < count && pages[i] <= room; i++) {
        if (pages[i] > stepPages) {
          continue;
        }
        if (sum + pages[i] > stepPages) {
          List<BlockLoad> full = step;
          step = new ArrayList<>();
          enqueue(full, sum);
          sum = 0;
        }
        if (register(files[i], offsets[i], pages[i], step)) {
          begun++;
          room -= pages[i];
          sum += pages[i];
        }
      }
    } finally {
      // Also when a file is closed meanwhile: what is registered must end.
      if (!step.isEmpty()) {
        enqueue(step, sum);
      }
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
  private boolean register(BlockFile file, long offset, int pages, List<BlockLoad> step) {
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
      return step.add(load);
    } finally {
      if (!needed) {
        loads.withdraw(load);
      }
    }
  }

  private void enqueue(List<BlockLoad> step, int pages) {
    boolean taken = false;
    try {
      lock.lock();
      try {
        if (!closing) {
          startTask();
          queue.addLast(step);
          queuedPages += pages;
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

  private void startTask() {
    if (tasks < TASKS) {
      scheduler.start("page-prefetch", this::run);
      tasks++;
    }
  }

  private void run() {
    List<BlockLoad> step = next();
    while (step != null) {
      reader.read(step, WaitLimit.none()); // What finds no frame is dropped.
      step = next();
    }
  }

  /// The step to read next; null when the task shall end.
  private @Nullable List<BlockLoad> next() {
    lock.lock();
    try {
      while (queue.isEmpty() && !closing) {
        wanted.await();
      }
      List<BlockLoad> step = queue.pollFirst();
      if (step == null) {
        tasks--;
        ended.signalAll();
        return null;
      }
      for (BlockLoad load : step) {
        queuedPages -= load.pages();
      }
      return step;
    } finally {
      lock.unlock();
    }
  }

  /// Drops what no task has begun, and waits for the tasks to end. Later requests are dropped.
  void close() {
    List<List<BlockLoad>> dropped;
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
  private void withdraw(List<BlockLoad> step) {
    for (BlockLoad load : step) {
      load.file().leaveTransfer();
      loads.withdraw(load);
    }
  }
}
