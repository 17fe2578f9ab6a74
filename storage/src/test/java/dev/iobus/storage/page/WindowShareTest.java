package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Scheduler;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How long the window is, as duels say that have 256 frames of a page.
class WindowShareTest {

  private static final int PAGES = FrameSizes.classOf(PageCache.PAGE_BYTES);
  private static final int FRAMES = 256;

  private final PinSlots slots = new PinSlots(Scheduler.system());
  private final WindowShare share = new WindowShare();
  private final SizeClass sizeClass = new SizeClass(new HeldFrames(slots), share);
  private final FrameExtent extent = FrameExtent.allocate(PAGES);
  private int block;

  @BeforeEach
  void allFramesHoldABlock() {
    sizeClass.add(extent);
    for (int i = 0; i < FRAMES; i++) {
      Frame frame = extent.frames[i];
      frame.beginLoad(1, false);
      frame.publish(1, i * 4096L, 4096, 0);
    }
  }

  @AfterEach
  void free() {
    extent.freeCount = FRAMES;
    extent.free();
  }

  /// Blocks that are given up for a frame each, and what happens before the next but 100 is.
  private void duels(int count, IntPredicate isNeeded, IntPredicate isUsed) {
    for (int i = 0; i < count + 100; i++) {
      share.left();
      if (i < count) {
        share.begin(hash(block + i), extent.frames[(block + i) % FRAMES]);
      }
      int late = i - 10;
      if (late >= 0 && late < count) {
        if (isNeeded.test(late)) {
          share.needed(hash(block + late));
        }
        if (isUsed.test(late)) {
          extent.frames[(block + late) % FRAMES].touch();
        }
      }
    }
    block += count;
    for (Frame frame : extent.frames) {
      frame.age();
      frame.age();
    }
    share.age();
    share.age();
  }

  private static long hash(long block) {
    return FrameTable.hash(2, block * 4096);
  }

  @Test
  void itIsShortAtFirstAndNeverWithoutAFrame() {
    assertEquals(10, share.of(1000));
    assertEquals(1, share.of(99));
    assertEquals(1, share.of(0));
  }

  @Test
  void itGrowsWhereBlocksAreNeededThatWereGivenUp() {
    duels(128, i -> true, i -> false);
    assertTrue(share.of(1000) > 20, share.of(1000) + " of 1000");
    for (int i = 0; i < 20; i++) {
      duels(128, j -> true, j -> false);
    }
    assertEquals(650, share.of(1000));
  }

  @Test
  void itShrinksWhereFramesAreUsedThatWereKept() {
    for (int i = 0; i < 20; i++) {
      duels(128, j -> true, j -> false);
    }
    for (int i = 0; i < 20; i++) {
      duels(128, j -> false, j -> true);
    }
    assertEquals(10, share.of(1000));
  }

  /// As in a loop, where all comes again, and in a scan, where nothing does.
  @Test
  void whatComesAgainTogetherSaysNothing() {
    duels(128, i -> true, i -> true);
    duels(128, i -> false, i -> false);
    assertEquals(10, share.of(1000));
  }

  /// As with a popularity that does not change, where one in three blocks that are given up is needed
  /// before the frame that was kept for it.
  @Test
  void aFewBlocksThatWinMakeItNoLonger() {
    for (int i = 0; i < 10; i++) {
      duels(128, j -> j % 3 == 0, j -> j % 3 != 0);
      assertTrue(share.of(1000) <= 15, share.of(1000) + " of 1000");
    }
  }

  /// A block that is needed after a longer window would have lost it, too, has won nothing.
  @Test
  void whatIsNeededLateSaysNothing() {
    for (int i = 0; i < 100; i++) {
      share.left();
      share.begin(hash(i), extent.frames[i]);
    }
    for (int i = 0; i < 100; i++) {
      share.left();
    }
    for (int i = 0; i < 100; i++) {
      share.needed(hash(i));
    }
    duels(100, i -> false, i -> false);
    assertEquals(10, share.of(1000));
  }

  /// A frame that was given up itself has not been used, whatever it holds now.
  @Test
  void aFrameThatWasGivenUpHasLost() {
    for (int i = 0; i < 100; i++) {
      share.left();
      Frame frame = extent.frames[i];
      share.begin(hash(i), frame);
      share.needed(hash(i));
      assertTrue(frame.tryRetireIdle() && frame.tryReclaim(slots));
      frame.free();
      frame.beginLoad(9, false);
      frame.publish(1, i * 4096L, 4096, 0);
    }
    for (int i = 0; i < 100; i++) {
      share.left();
    }
    assertTrue(share.of(1000) > 10, share.of(1000) + " of 1000");
  }

  /// A frame that is used after its count was halved would else look as if it had not been.
  @Test
  void usesAreHalvedInDuelsAsInFrames() {
    for (Frame frame : extent.frames) {
      for (int i = 0; i < 8; i++) {
        frame.touch();
      }
    }
    for (int i = 0; i < 100; i++) {
      share.left();
      share.begin(hash(i), extent.frames[i]);
      share.needed(hash(i));
      extent.frames[i].age();
      share.age();
      extent.frames[i].touch();
    }
    for (int i = 0; i < 100; i++) {
      share.left();
    }
    assertEquals(10, share.of(1000));
  }

  /// Else the frames of memory that was given back would stay on the heap.
  @Test
  void duelsOfAnExtentThatIsGoneAreForgotten() {
    for (int i = 0; i < 60; i++) {
      share.left();
      share.begin(hash(i), extent.frames[i]);
      share.needed(hash(i));
    }
    share.remove(extent);
    for (int i = 0; i < 200; i++) {
      share.left();
    }
    assertEquals(10, share.of(1000));
    share.add(extent);
  }
}
