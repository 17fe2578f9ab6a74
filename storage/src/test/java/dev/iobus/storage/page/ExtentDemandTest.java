package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.Scheduler;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExtentDemandTest {

  private static final int PAGES = FrameSizes.classOf(4096);
  private static final int PAIRS = FrameSizes.classOf(8192);

  private final HeldFrames held = new HeldFrames(new PinSlots(Scheduler.system()));
  private final SizeClass[] classes = new SizeClass[FrameSizes.COUNT];
  private final ExtentDemand demand = new ExtentDemand(classes);

  @BeforeEach
  void bothHaveMemory() {
    Arrays.setAll(classes, i -> new SizeClass(held, new WindowShare()));
    for (int i = 0; i < 2; i++) {
      classes[PAGES].add(FrameExtent.allocate(PAGES));
      classes[PAIRS].add(FrameExtent.allocate(PAIRS));
    }
  }

  @AfterEach
  void free() {
    for (SizeClass sizeClass : classes) {
      sizeClass.extents.forEach(FrameExtent::free);
    }
  }

  private static long hash(long block) {
    return FrameTable.hash(1, block * 4096);
  }

  /// Blocks that are given up and needed after so many others of their class.
  private void need(int sizeClass, int blocks, int others) {
    for (int i = 0; i < blocks; i++) {
      demand.givenUp(sizeClass, hash(i));
      for (int other = 1; other < others; other++) {
        demand.givenUp(sizeClass, 0);
      }
      demand.needed(sizeClass, hash(i));
    }
  }

  @Test
  void whoNeedsSoonWhatItGaveUpGains() {
    need(PAGES, 31, 1);
    assertEquals(ExtentDemand.NO_CLASS, demand.giver(PAGES));
    need(PAGES, 1, 1);
    assertEquals(PAIRS, demand.giver(PAGES));
    // Asked a moment ago.
    assertEquals(ExtentDemand.NO_CLASS, demand.giver(PAGES));
  }

  @Test
  void anExtentMoreWouldNotHaveKeptWhatIsNeededLate() {
    need(PAIRS, 100, 130);
    assertEquals(ExtentDemand.NO_CLASS, demand.giver(PAIRS));
    need(PAIRS, 32, 127);
    assertEquals(PAGES, demand.giver(PAIRS));
  }

  @Test
  void whoNeedsAsMuchGivesNothing() {
    need(PAIRS, 40, 1);
    need(PAGES, 40, 1);
    assertEquals(ExtentDemand.NO_CLASS, demand.giver(PAGES));
    need(PAGES, 32, 1);
    assertEquals(PAIRS, demand.giver(PAGES));
    // What the next one would gain is not known.
    demand.hasGained(PAGES);
    need(PAGES, 32, 1);
    assertEquals(ExtentDemand.NO_CLASS, demand.giver(PAGES));
  }

  @Test
  void whatWasNeededLongAgoCountsLess() {
    need(PAGES, 31, 1);
    demand.age();
    need(PAGES, 16, 1);
    assertEquals(ExtentDemand.NO_CLASS, demand.giver(PAGES));
    need(PAGES, 1, 1);
    assertEquals(PAIRS, demand.giver(PAGES));
  }
}
