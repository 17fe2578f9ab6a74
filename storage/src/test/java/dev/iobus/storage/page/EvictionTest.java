package dev.iobus.storage.page;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Which blocks stay, measured as hit rates of traces on 1,024 frames of a page.
class EvictionTest {

  private static final int FRAMES = TestFrames.COUNT;
  private static final int ACCESSES = 150_000;

  /// Blocks with Zipf's popularity (exponent 0.99), scattered.
  private static int[] zipfian(int blocks, long seed) {
    double[] sums = new double[blocks];
    double sum = 0;
    for (int i = 0; i < blocks; i++) {
      sum += 1 / Math.pow(i + 1, 0.99);
      sums[i] = sum;
    }
    Random random = new Random(seed);
    int[] trace = new int[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
      int at = Arrays.binarySearch(sums, random.nextDouble() * sum);
      trace[i] = Math.min(blocks - 1, at < 0 ? -at - 1 : at) * 7919 % blocks;
    }
    return trace;
  }

  /// The share of hits in the second half of a trace.
  private static double hitRate(TestFrames frames, int[] trace) {
    int hits = 0;
    for (int i = 0; i < trace.length; i++) {
      boolean hit = frames.access(1, trace[i]);
      hits += hit && i >= trace.length / 2 ? 1 : 0;
    }
    return 2.0 * hits / trace.length;
  }

  /// What was beside the frames was too little for a large value, and no frame was ever given back.
  @Test
  void framesWithoutAPinAreGivenToWhoCannotGoOnWithout() throws IOException {
    try (TestFrames frames = new TestFrames();
        MemoryBudget.Account writer = frames.budget.open("writer", 0)) {
      frames.budget.addLender(frames.frames);
      for (int i = 0; i < FRAMES; i++) {
        frames.access(1, i);
      }
      Frame pinned = requireNonNull(frames.table.findExactly(1, 0));
      assertFalse(writer.tryReserve(1));
      writer.reserve(3 << 20);
      assertEquals(1 << 20, frames.frames.extentBytes());
      assertThrows(MemoryLimitException.class, () -> writer.reserve(1 << 20));
      assertTrue(frames.has(1, 0));
      pinned.unpin();
      writer.reserve(1 << 20);
      assertEquals(0, frames.frames.extentBytes());
      assertFalse(frames.has(1, 0));
      writer.release(4 << 20);
      assertFalse(frames.access(1, 0));
      assertTrue(frames.access(1, 0));
    }
  }

  @Test
  void popularBlocksStay() {
    try (TestFrames frames = new TestFrames()) {
      double rate = hitRate(frames, zipfian(10 * FRAMES, 1));
      assertTrue(rate > 0.72, "zipfian: " + rate);
    }
  }

  @Test
  void partOfALoopStays() {
    int[] loop = new int[ACCESSES];
    for (int i = 0; i < ACCESSES; i++) {
      loop[i] = i % (2 * FRAMES);
    }
    try (TestFrames frames = new TestFrames()) {
      double rate = hitRate(frames, loop);
      assertTrue(rate > 0.45, "loop: " + rate);
    }
  }

  /// A file that is scanned again and again costs another file's hot blocks next to nothing.
  @Test
  void aScanOfOneFileLeavesAnother() {
    int[] trace = zipfian(10 * FRAMES, 2);
    double alone;
    try (TestFrames frames = new TestFrames()) {
      alone = hitRate(frames, trace);
    }
    try (TestFrames frames = new TestFrames()) {
      int hits = 0;
      for (int i = 0; i < trace.length; i++) {
        frames.access(2, i % (20 * FRAMES));
        hits += frames.access(1, trace[i]) && i >= trace.length / 2 ? 1 : 0;
      }
      double beside = 2.0 * hits / trace.length;
      assertTrue(beside > alone - 0.06, "alone " + alone + ", beside a scan " + beside);
    }
  }

  /// Nor does it where all frames were filled ahead of their first use.
  @Test
  void aScanLeavesWhatWasReadAheadAndIsUsed() {
    try (TestFrames frames = new TestFrames()) {
      for (int block = 0; block < FRAMES; block++) {
        frames.load(1, block, true);
      }
      for (int i = 0; i < 4 * FRAMES; i++) {
        frames.access(1, i % FRAMES);
      }
      for (int block = 0; block < FRAMES; block++) {
        frames.access(2, block);
      }
      int left = 0;
      for (int block = 0; block < FRAMES; block++) {
        left += frames.has(1, block) ? 1 : 0;
      }
      assertTrue(left > FRAMES * 7 / 10, left + " of " + FRAMES + " left");
    }
  }

  /// Two files that are used alike share the frames, whoever came first.
  @Test
  void filesThatAreUsedAlikeShareTheFrames() {
    int[] first = zipfian(10 * FRAMES, 3);
    int[] second = zipfian(10 * FRAMES, 4);
    try (TestFrames frames = new TestFrames()) {
      for (int block : first) {
        frames.access(1, block);
      }
      int[] hits = new int[2];
      for (int i = 0; i < ACCESSES; i++) {
        boolean late = i >= ACCESSES / 2;
        hits[0] += frames.access(1, first[i]) && late ? 1 : 0;
        hits[1] += frames.access(2, second[i]) && late ? 1 : 0;
      }
      assertEquals(1, (double) hits[0] / hits[1], 0.1, Arrays.toString(hits));
    }
  }

  /// Who gives memory back takes no extent of which a slot has a frame, nor what else is in it.
  @Test
  void anExtentWithAPinInASlotStaysAsItIs() {
    try (TestFrames frames = new TestFrames(2)) {
      for (int block = 0; block < 2 * 256; block++) {
        frames.access(1, block);
      }
      Frame pinned = requireNonNull(frames.table.find(1, 0));
      int slot = frames.slots.take(pinned.address());
      assertEquals(1 << 20, frames.frames.giveBack(2 << 20));
      List<Integer> left = new ArrayList<>();
      for (int block = 0; block < 2 * 256; block++) {
        if (frames.has(1, block)) {
          left.add(block);
        }
      }
      assertEquals(256, left.size());
      assertTrue(left.contains(0));
      frames.slots.release(slot);
      assertEquals(1 << 20, frames.frames.giveBack(1 << 20));
    }
  }

  /// Nor does a size that has no memory at all.
  @Test
  void aPinInASlotKeepsAnExtentFromAnotherSize() {
    try (TestFrames frames = new TestFrames(1)) {
      for (int block = 0; block < 256; block++) {
        frames.access(1, block);
      }
      int slot = frames.slots.take(requireNonNull(frames.table.find(1, 7 * 4096)).address());
      assertNull(frames.frames.allocate(8192, 2, 0, false));
      for (int block = 0; block < 256; block++) {
        assertTrue(frames.has(1, block), "block " + block + " was given up for nothing");
      }
      frames.slots.release(slot);
      assertFalse(frames.access(2, 0, 8192));
      assertFalse(frames.has(1, 7));
    }
  }

  /// Hits of each of two files in the second half, of blocks of 4 and of 8 KiB; the first one had
  /// the memory to itself before.
  ///
  /// @param every uses of the first file for each of the second
  private static double[] hitRates(int extents, int[] small, int[] large, int every) {
    try (TestFrames frames = new TestFrames(extents)) {
      for (int block : small) {
        frames.access(1, block, 4096);
      }
      double[] hits = new double[2];
      for (int i = 0; i < 2 * ACCESSES; i++) {
        int at = i % ACCESSES;
        int late = i < ACCESSES ? 0 : 1;
        hits[0] += frames.access(1, small[at], 4096) ? late : 0;
        if (i % every == 0) {
          hits[1] += frames.access(2, large[at / every], 8192) ? late : 0;
        }
      }
      return new double[] {hits[0] / ACCESSES, hits[1] * every / ACCESSES};
    }
  }

  private static int[] loop(int blocks) {
    int[] loop = new int[ACCESSES];
    Arrays.setAll(loop, i -> i % blocks);
    return loop;
  }

  /// Two sizes that are used alike: blocks of 4 KiB had filled the cache, and those of 8 KiB got
  /// one extent for ever, since a class that can give up a frame of its own asked no other for
  /// memory.
  @Test
  void sizesThatAreUsedAlikeShareTheMemory() {
    int[] small = zipfian(10 * FRAMES, 7);
    double[] hits = hitRates(16, small, zipfian(10 * FRAMES, 8), 1);
    assertTrue(hits[1] > 0.8 * hits[0], "hits " + Arrays.toString(hits));
  }

  @Test
  void aScanOfOneSizeLeavesAnother() {
    int[] small = zipfian(10 * FRAMES, 7);
    int[] scan = new int[ACCESSES];
    Arrays.setAll(scan, i -> i);
    double alone = hitRates(15, small, small, 2 * ACCESSES)[0];
    double beside = hitRates(16, small, scan, 1)[0];
    assertTrue(beside > alone - 0.03, "alone " + alone + ", beside a scan " + beside);
  }

  /// A loop needs again only what was given up long ago, and who has room for all needs nothing:
  /// both were taken for classes that lose nothing.
  @Test
  void aSizeKeepsTheMemoryThatItUses() {
    int[] popular = zipfian(10 * FRAMES, 8);
    double[] hits = hitRates(16, loop(2 * 16 * 256), popular, 1);
    assertTrue(hits[0] > 0.35, "loop twice as long as the memory " + Arrays.toString(hits));
    hits = hitRates(16, loop(14 * 256), popular, 10);
    assertTrue(hits[0] > 0.98, "loop that fits " + Arrays.toString(hits));
  }

  /// What was hot makes room for what is.
  @Test
  void theHotSetMayMove() {
    int[] trace = zipfian(10 * FRAMES, 5);
    for (int i = 0; i < ACCESSES; i++) {
      trace[i] += i / 30_000 * 100 * FRAMES;
    }
    try (TestFrames frames = new TestFrames()) {
      double rate = hitRate(frames, trace);
      assertTrue(rate > 0.6, "moving: " + rate);
    }
  }

  /// Blocks that are used a few times in a short while and never again: those that were used often stay
  /// for nothing, and the window gets longer.
  @Test
  void theWindowIsLongWhereThatServes() {
    int[] trace = new int[ACCESSES];
    Random random = new Random(9);
    Arrays.setAll(trace, i -> i / 8 + random.nextInt(FRAMES / 2));
    try (TestFrames frames = new TestFrames()) {
      double rate = hitRate(frames, trace);
      assertTrue(rate > 0.8, "moving on: " + rate);
      // And shorter where it does not.
      rate = hitRate(frames, loop(2 * FRAMES));
      assertTrue(rate > 0.45, "loop after that: " + rate);
    }
  }

  @Test
  void whatWasReadAheadStaysUntilItIsUsed() {
    try (TestFrames frames = new TestFrames()) {
      for (int i = 0; i < 10 * FRAMES; i++) {
        frames.access(1, i % (2 * FRAMES));
      }
      for (int block = 0; block < FRAMES / 8; block++) {
        frames.load(2, block, true);
      }
      for (int i = 0; i < FRAMES; i++) {
        frames.access(3, i);
      }
      List<Integer> missing = new ArrayList<>();
      for (int block = 0; block < FRAMES / 8; block++) {
        if (!frames.access(2, block)) {
          missing.add(block);
        }
      }
      assertEquals(List.of(), missing);
      // Used once, they go like others; and those that nobody uses do not fill the cache.
      for (int i = 0; i < FRAMES; i++) {
        frames.access(4, i);
      }
      assertTrue(!frames.has(2, 0) && !frames.has(2, FRAMES / 8 - 1));
      int kept = 0;
      for (int block = 0; block < 4 * FRAMES; block++) {
        frames.load(5, block, true);
      }
      for (int block = 0; block < 4 * FRAMES; block++) {
        kept += frames.has(5, block) ? 1 : 0;
      }
      assertTrue(kept <= FRAMES / 4 + 1, kept + " unused blocks are kept");
    }
  }

  @Test
  void pinnedFramesAreNeverChosen() {
    try (TestFrames frames = new TestFrames()) {
      List<Frame> pinned = new ArrayList<>();
      Random random = new Random(6);
      for (int i = 0; i < 20_000; i++) {
        long block = random.nextInt(4 * FRAMES);
        frames.access(1, block);
        Frame frame = requireNonNull(frames.table.findExactly(1, block * 4096));
        if (pinned.size() < FRAMES - 1 && random.nextInt(3) == 0) {
          pinned.add(frame);
        } else {
          frame.unpin();
        }
        if (random.nextInt(4_000) == 0) {
          pinned.forEach(Frame::unpin);
          pinned.clear();
        }
        for (Frame held : pinned) {
          assertTrue(held.pins() > 0 && held.state() == Frame.LOADED);
        }
      }
      pinned.forEach(Frame::unpin);
    }
  }
}
