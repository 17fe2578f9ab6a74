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

  /// In place of a slot: the block was not pinned.
  static final int NOT_PINNED = -2;

  private final Scheduler scheduler;
  private final FrameTable table;
  private final PinSlots slots;
  private final BlockLoads loads;
  private final BlockReader reader;

  /// Those that [#slots] do not count.
  private final LongAdder hits = new LongAdder();
  final LongAdder sharedMisses = new LongAdder();

  BlockFetch(
      Scheduler scheduler,
      FrameTable table,
      PinSlots slots,
      BlockLoads loads,
      BlockReader reader) {
    this.scheduler = scheduler;
    this.table = table;
    this.slots = slots;
    this.loads = loads;
    this.reader = reader;
  }

  /// Pins that found a frame.
  long hits() {
    return slots.hits() + hits.sum();
  }

  /// The block's frame as far as it is seen in the cache, for [#tryPin(Frame, BlockFile, long)].
  @Nullable Frame find(BlockFile file, long offset) {
    return table.find(file.fileId(), offset);
  }

  /// Pins a frame if it still holds that block, without waiting. Returns the slot that has the pin,
  /// [PinSlots#NONE] when the frame's word has it, or [#NOT_PINNED].
  int tryPin(Frame frame, BlockFile file, long offset) {
    int slot = slots.take(frame.address());
    if (slot == PinSlots.NONE) {
      return tryPinInWord(frame, file, offset) ? PinSlots.NONE : NOT_PINNED;
    }
    if (!frame.isPinnedBySlot(file.fileId(), offset)) {
      slots.release(slot);
      return NOT_PINNED;
    }
    frame.touch();
    slots.countHit(slot);
    return slot;
  }

  private boolean tryPinInWord(Frame frame, BlockFile file, long offset) {
    boolean pinned = frame.tryPin(file.fileId(), offset);
    if (pinned) {
      frame.touch();
      hits.increment();
    }
    return pinned;
  }

  private @Nullable PinnedBlock tryPin(BlockFile file, long offset) {
    Frame frame = find(file, offset);
    int slot = frame == null ? NOT_PINNED : tryPin(frame, file, offset);
    return frame == null || slot == NOT_PINNED ? null : new PinnedBlock(frame, slots, slot);
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

  /// Gets one block that was not seen in the cache, with a pin that it counts itself.
  BlockMemory fetchOne(BlockFile file, long offset, int pages, WaitLimit limit)
      throws IOException {
    BlockMemory block = null;
    while (block == null) {
      block = roundOfOne(file, offset, pages, limit);
    }
    return block;
  }

  /// One attempt; null when a load of another caller was about to end when it was met, or ended for
  /// lack of memory.
  private @Nullable BlockMemory roundOfOne(
      BlockFile file, long offset, int pages, WaitLimit limit) throws IOException {
    BlockLoad load = new BlockLoad(file, offset, pages, BlockLoad.Keep.IN_FRAME);
    BlockLoad running = loads.register(load);
    if (running != null) {
      return shared(running, limit);
    }
    Frame frame = start(load);
    if (frame != null) {
      return frame;
    }
    reader.read(load, limit);
    BlockMemory memory = load.memory();
    if (memory != null) {
      return memory;
    }
    Throwable failure = load.failure();
    assert failure != null : "a load that nobody can withdraw has no result";
    throw rethrown(failure);
  }

  /// The block that another caller loads; null when one has to look again.
  private @Nullable BlockMemory shared(BlockLoad load, WaitLimit limit) throws IOException {
    sharedMisses.increment();
    boolean joined = load.join();
    long since = scheduler.nanoTime();
    loads.await(load);
    BlockMemory memory = joined ? load.memory() : null;
    if (memory != null) {
      return memory;
    }
    Throwable failure = joined ? load.failure() : null;
    if (failure != null && !mayTryAgain(failure, since, limit)) {
      throw rethrown(failure);
    }
    Frame frame = find(load.file(), load.offset());
    return frame != null && tryPinInWord(frame, load.file(), load.offset()) ? frame : null;
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
        into[i] = new PinnedBlock(memory, slots, PinSlots.NONE);
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
    Frame frame = start(load);
    if (frame == null) {
      own.add(load);
      owed[i] = load;
      return null;
    }
    return new PinnedBlock(frame, slots, PinSlots.NONE);
  }

  /// Begins the transfer of a load that was registered; returns the block's frame, pinned, and
  /// withdraws the load, when it came into the cache meanwhile.
  private @Nullable Frame start(BlockLoad load) {
    BlockFile file = load.file();
    // A load that ended between the look-up and the registration has its frame in the table now.
    Frame frame = table.findExactly(file.fileId(), load.offset());
    if (frame != null) {
      loads.withdraw(load);
      hits.increment();
      return frame;
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
  BlockMemory readAround(BlockFile file, long offset, int pages, WaitLimit limit)
      throws IOException {
    Frame frame = table.findExactly(file.fileId(), offset);
    if (frame != null) {
      hits.increment();
      return frame;
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
    return memory;
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
