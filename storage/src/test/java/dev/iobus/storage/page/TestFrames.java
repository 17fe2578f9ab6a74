package dev.iobus.storage.page;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.Scheduler;
import dev.iobus.storage.memory.MemoryBudget;

/// The frames of a cache, without a file behind them.
final class TestFrames implements AutoCloseable {

  /// Frames of a page, unless another number of extents is asked for.
  static final int COUNT = 1024;

  final FrameTable table = new FrameTable(1024);
  final PinSlots slots = new PinSlots(Scheduler.system());
  final MemoryBudget budget;
  final MemoryBudget.Account account;
  final FrameAllocator frames;
  private long accesses;

  TestFrames() {
    this((COUNT * 4096) >> 20);
  }

  /// @param extents of 1 MiB each: 256 frames of a page
  TestFrames(int extents) {
    budget = new MemoryBudget((long) extents << 20);
    account = budget.open("frames", 0);
    frames =
        new FrameAllocator(
            table,
            slots,
            new FrequencySketch(Math.max(1024, Integer.highestOneBit(2 * extents * 256 - 1))),
            () -> accesses,
            account,
            Long.MAX_VALUE);
  }

  /// Whether the block had a frame; it has one afterwards.
  boolean access(long file, long block) {
    return access(file, block, 4096);
  }

  boolean access(long file, long block, int length) {
    accesses++;
    Frame frame = table.findExactly(file, block * 4096);
    if (frame != null) {
      frame.touch();
      frame.unpin();
      return true;
    }
    load(file, block, length, false);
    return false;
  }

  void load(long file, long block, boolean isAhead) {
    load(file, block, 4096, isAhead);
  }

  private void load(long file, long block, int length, boolean isAhead) {
    Frame frame = requireNonNull(frames.allocate(length, file, block * 4096, isAhead));
    table.insert(frame, file, block * 4096, length, 1);
    frame.unpin();
  }

  boolean has(long file, long block) {
    return table.find(file, block * 4096) != null;
  }

  @Override
  public void close() {
    assertEquals(0, frames.evictAll());
    frames.close();
    account.close();
  }
}
