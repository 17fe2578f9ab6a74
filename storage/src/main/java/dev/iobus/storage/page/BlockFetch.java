package dev.iobus.storage.page;

import dev.iobus.Scheduler;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Gets blocks of which some are not in the cache: reads those that nobody reads yet, all in
/// flight together, then waits for those that others read. Thread-safe.
///
/// The order makes it free of deadlock: a caller's own loads have ended before it waits for
/// another's. A load that its caller gave up for lack of memory is no failure of those who joined it:
/// they try again, and their own limits count from when they joined.
final class BlockFetch {

  private final Scheduler scheduler;
  private final FrameTable table;
  private final BlockLoads loads;
  private final BlockReader reader;

  final LongAdder hits;
  final LongAdder sharedMisses = new LongAdder();

  BlockFetch(
      Scheduler scheduler,
      FrameTable table,
      BlockLoads loads,
      BlockReader reader,
      LongAdder hits) {
    this.scheduler = scheduler;
    this.table = table;
    this.loads = loads;
    this.reader = reader;
    this.hits = hits;
  }

  /// Pins the block's frame without waiting; null when it is not seen in the cache.
  @Nullable PinnedBlock tryPin(BlockFile file, long offset) {
    Frame frame = table.pin(file.fileId(), offset);
    if (frame == null) {
      return null;
    }
    frame.touch();
    hits.increment();
    return new PinnedBlock(frame);
  }

  /// Pins what is seen in the cache; true when that is all of it. Never waits.
  boolean tryPinAll(
      BlockFile[] files, long[] offsets, int count, @Nullable PinnedBlock[] into) {
    boolean all = true;
    for (int i = 0; i < count; i++) {
      into[i] = tryPin(files[i], offsets[i]);
      all &= into[i] != null;
    }
    return all;
  }

  /// Pins one block that was not seen in the cache.
  PinnedBlock fetchOne(BlockFile file, long offset, int pages, WaitLimit limit)
      throws IOException {
    PinnedBlock block = null;
    while (block == null) {
      block = roundOfOne(file, offset, pages, limit);
    }
    return block;
  }

  /// One attempt; null when a load of another caller was about to end when it was met, or ended for
  /// lack of memory.
  private @Nullable PinnedBlock roundOfOne(
      BlockFile file, long offset, int pages, WaitLimit limit) throws IOException {
    BlockLoad load = new BlockLoad(file, offset, pages, BlockLoad.Keep.IN_FRAME);
    BlockLoad running = loads.register(load);
    if (running != null) {
      return shared(running, limit);
    }
    PinnedBlock block = start(load);
    if (block != null) {
      return block;
    }
    reader.read(load, limit);
    BlockMemory memory = load.memory();
    if (memory != null) {
      return new PinnedBlock(memory);
    }
    Throwable failure = load.failure();
    assert failure != null : "a load that nobody can withdraw has no result";
    throw rethrown(failure);
  }

  /// The block that another caller loads; null when one has to look again.
  private @Nullable PinnedBlock shared(BlockLoad load, WaitLimit limit) throws IOException {
    sharedMisses.increment();
    boolean joined = load.join();
    long since = scheduler.nanoTime();
    loads.await(load);
    BlockMemory memory = joined ? load.memory() : null;
    if (memory != null) {
      return new PinnedBlock(memory);
    }
    Throwable failure = joined ? load.failure() : null;
    if (failure != null && !mayTryAgain(failure, since, limit)) {
      throw rethrown(failure);
    }
    return tryPin(load.file(), load.offset());
  }

  /// Whether the failure of another's load leaves time to try it oneself.
  private boolean mayTryAgain(Throwable failure, long since, WaitLimit limit) {
    return failure instanceof MemoryLimitException
        && scheduler.nanoTime() - limit.deadline(since) < 0;
  }

  /// Fills the empty ones of the first `count` places of `into`. After an exception some may be
  /// filled: the caller gives them back.
  void fetch(
      BlockFile[] files,
      long[] offsets,
      int[] pages,
      int count,
      @Nullable PinnedBlock[] into,
      WaitLimit limit)
      throws IOException {
    boolean complete = false;
    while (!complete) {
      complete = round(files, offsets, pages, count, into, limit);
    }
  }

  /// One attempt at all places that are still empty; false when some are left, because a load of
  /// another caller was about to end when it was met, or ended for lack of memory.
  private boolean round(
      BlockFile[] files,
      long[] offsets,
      int[] pages,
      int count,
      @Nullable PinnedBlock[] into,
      WaitLimit limit)
      throws IOException {
    List<BlockLoad> own = new ArrayList<>();
    @Nullable BlockLoad[] owed = new @Nullable BlockLoad[count];
    List<BlockLoad> late = new ArrayList<>();
    Throwable failure = null;
    try {
      for (int i = 0; i < count; i++) {
        if (into[i] == null) {
          into[i] = tryPin(files[i], offsets[i]);
        }
        if (into[i] == null) {
          into[i] = begin(files[i], offsets[i], pages[i], own, late, owed, i);
        }
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    // Also after a failure: others may have joined what was registered.
    reader.read(own, limit);
    boolean filled = failure == null && late.isEmpty();
    long since = scheduler.nanoTime();
    for (int i = 0; i < count; i++) {
      BlockLoad load = owed[i];
      if (load == null) {
        continue;
      }
      loads.await(load);
      BlockMemory memory = load.memory();
      Throwable failed = load.failure();
      if (memory != null) {
        into[i] = new PinnedBlock(memory);
      } else if (failed == null || (!own.contains(load) && mayTryAgain(failed, since, limit))) {
        filled = false;
      } else if (failure == null) {
        failure = failed;
      }
    }
    if (failure != null) {
      throw rethrown(failure);
    }
    for (BlockLoad load : late) {
      loads.await(load);
    }
    return filled;
  }

  /// Registers or joins the load of one block, noting which load owes place `i` a pin; returns the
  /// block itself when it came into the cache meanwhile.
  private @Nullable PinnedBlock begin(
      BlockFile file,
      long offset,
      int pages,
      List<BlockLoad> own,
      List<BlockLoad> late,
      @Nullable BlockLoad[] owed,
      int i) {
    BlockLoad load = new BlockLoad(file, offset, pages, BlockLoad.Keep.IN_FRAME);
    BlockLoad running = loads.register(load);
    if (running != null) {
      if (running.join()) {
        owed[i] = running;
      } else {
        late.add(running);
      }
      sharedMisses.increment();
      return null;
    }
    PinnedBlock block = start(load);
    if (block == null) {
      own.add(load);
      owed[i] = load;
    }
    return block;
  }

  /// Begins the transfer of a load that was registered; returns the block itself, and withdraws the
  /// load, when it came into the cache meanwhile.
  private @Nullable PinnedBlock start(BlockLoad load) {
    BlockFile file = load.file();
    // A load that ended between the look-up and the registration has its frame in the table now.
    Frame frame = table.findExactly(file.fileId(), load.offset());
    if (frame != null) {
      loads.withdraw(load);
      hits.increment();
      return new PinnedBlock(frame);
    }
    try {
      file.enterTransfer();
    } catch (IllegalStateException e) {
      loads.fail(load, e);
      throw e;
    }
    return null;
  }

  /// Reads one block past the cache; uses its frame where it has one, without keeping it longer.
  PinnedBlock readAround(BlockFile file, long offset, int pages, WaitLimit limit)
      throws IOException {
    Frame frame = table.findExactly(file.fileId(), offset);
    if (frame != null) {
      hits.increment();
      return new PinnedBlock(frame);
    }
    BlockLoad load = new BlockLoad(file, offset, pages, BlockLoad.Keep.NOWHERE);
    file.enterTransfer();
    reader.read(load, limit);
    BlockMemory memory = load.memory();
    if (memory == null) {
      Throwable failure = load.failure();
      assert failure != null : "a load that nobody can withdraw has no result";
      throw rethrown(failure);
    }
    return new PinnedBlock(memory);
  }

  /// What a load failed with is what its decoder or the bus threw: checked as [IOException] only.
  private static IOException rethrown(Throwable failure) {
    return switch (failure) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case IOException e -> e;
      default -> new IOException(failure);
    };
  }
}
