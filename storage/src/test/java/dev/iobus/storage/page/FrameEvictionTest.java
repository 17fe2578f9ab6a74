package dev.iobus.storage.page;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Scheduler;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FrameEvictionTest {

  private static final int PAGES = FrameSizes.classOf(PageCache.PAGE_BYTES);

  private final FrameTable table = new FrameTable(64);
  private final PinSlots slots = new PinSlots(Scheduler.system());
  private final FrequencySketch sketch = new FrequencySketch(64);
  private final SizeClass[] classes = new SizeClass[FrameSizes.COUNT];
  private final FrameEviction eviction = new FrameEviction(table, slots, sketch, classes);
  private final FrameExtent extent = FrameExtent.allocate(PAGES);

  @BeforeEach
  void oneExtent() {
    HeldFrames held = new HeldFrames(slots);
    Arrays.setAll(classes, i -> new SizeClass(held, new WindowShare()));
    classes[PAGES].add(extent);
  }

  @AfterEach
  void allIsGivenUp() {
    assertEquals(0, eviction.evictAll());
    extent.free();
  }

  private Frame load(long block, int uses) {
    Frame frame = classes[PAGES].take(false);
    assertNotNull(frame);
    extent.freeCount--;
    frame.beginLoad(uses, false);
    table.insert(frame, 1, block * PageCache.PAGE_BYTES, PageCache.PAGE_BYTES, 0);
    return frame;
  }

  @Test
  void usesOfABlockOutliveItsFrame() {
    Frame frame = load(1, 5);
    assertTrue(eviction.evict(frame));
    assertEquals(Frame.FREE, frame.state());
    assertEquals(5, sketch.estimate(FrameTable.hash(1, PageCache.PAGE_BYTES)));
    assertEquals(1, eviction.evictions());
  }

  @Test
  void aPinInTheWordKeepsTheBlock() {
    Frame frame = load(1, 1);
    assertTrue(frame.tryPin(1, PageCache.PAGE_BYTES));
    assertFalse(eviction.evict(frame));
    assertNotNull(table.find(1, PageCache.PAGE_BYTES));
    frame.unpin();
  }

  /// The slots are looked at when the block is lost already: it is given up once, and so counted,
  /// and the frame is free when the slot is.
  @Test
  void aPinInASlotKeepsTheFrameAlone() {
    Frame frame = load(1, 1);
    int slot = slots.take(frame.address());
    assertTrue(eviction.retire(frame));
    assertFalse(eviction.reclaim(frame));
    assertNull(table.find(1, PageCache.PAGE_BYTES));
    assertEquals(Frame.RETIRED, frame.state());
    assertFalse(eviction.retire(frame));
    assertFalse(eviction.evict(frame));
    slots.release(slot);
    assertTrue(eviction.evict(frame));
    assertEquals(1, eviction.evictions());
  }

  /// Who retires a version is not who reclaims it: a commit retires what it replaces, and the clock
  /// meets that frame later. A reader in a slot keeps its bytes all the while.
  @Test
  void aVersionInASlotOutlivesItsPage() throws Exception {
    Frame before = load(1, 1);
    int slot = slots.take(before.address());
    assertTrue(before.isPinnedBySlot(1, PageCache.PAGE_BYTES));
    Frame version = requireNonNull(classes[PAGES].take(false));
    extent.freeCount--;
    version.beginLoad(1, false);
    Thread writer =
        Thread.ofPlatform()
            .start(() -> table.replace(version, 1, PageCache.PAGE_BYTES, PageCache.PAGE_BYTES));
    writer.join();
    assertSame(version, table.find(1, PageCache.PAGE_BYTES));
    assertFalse(eviction.reclaim(before));
    assertFalse(eviction.evict(before));
    assertEquals(PageCache.PAGE_BYTES, before.bytes().byteSize());
    int free = extent.freeCount;
    slots.release(slot);
    assertTrue(eviction.evict(before));
    assertEquals(free + 1, extent.freeCount);
    assertEquals(0, eviction.evictions(), "the page has its block still");
    version.unpin();
  }

  @Test
  void framesOfAFileAreLostAlsoWhilePinned() {
    Frame pinned = load(1, 1);
    load(2, 1);
    assertTrue(pinned.tryPin(1, PageCache.PAGE_BYTES));
    eviction.evictFile(1);
    assertNull(table.find(1, PageCache.PAGE_BYTES));
    assertNull(table.find(1, 2 * PageCache.PAGE_BYTES));
    assertEquals(extent.frames.length - 1, extent.freeCount);
    pinned.unpin();
  }
}
