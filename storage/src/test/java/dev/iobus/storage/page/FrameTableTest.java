package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Scheduler;
import java.lang.foreign.Arena;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FrameTableTest {

  private static final int CHAINS = 64;
  private static final int VERSIONS = 4;

  private final FrameTable table = new FrameTable(CHAINS);
  private final PinSlots slots = new PinSlots(Scheduler.system());
  private final Arena arena = Arena.ofShared();
  private final Frame[] frames =
      new FrameExtent(arena, arena.allocate(FrameExtent.BYTES), 0).frames;

  /// 1 for a frame that the next version may take.
  private final AtomicIntegerArray free = new AtomicIntegerArray(VERSIONS);

  private volatile boolean stopped;

  @AfterEach
  void freeMemory() {
    arena.close();
  }

  @Test
  void whatIsReplacedIsFoundNoMore() {
    insert(frames[0], 1, 0);
    frames[1].beginLoad(1, false);
    assertSame(frames[0], table.replace(frames[1], 1, 0, 64));
    assertSame(frames[1], table.find(1, 0));
    assertTrue(frames[0].tryReclaim(slots));
    assertFalse(frames[1].tryRetireIdle(), "the pin of who replaces is missing");
    frames[2].beginLoad(1, false);
    assertNull(table.replace(frames[2], 2, 0, 64));
  }

  /// A version of a page that a newer one had replaced was reused before it was out of its chain.
  /// All that stood behind it there was lost to look-ups, dirty pages too.
  @Test
  void frameThatIsReplacedIsNotReusedWhileItIsLinked() throws Exception {
    insert(frames[VERSIONS], 1, chainMate());
    for (int i = 0; i < VERSIONS; i++) {
      free.set(i, 1);
    }
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    replaceMany();
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    try {
      while (writer.isAlive()) {
        reuseMany();
      }
    } finally {
      stopped = true;
      writer.join();
    }
    assertNull(failure.get());
  }

  /// Gives one page version after version.
  private void replaceMany() {
    long mate = chainMate();
    int at = 0;
    for (int round = 0; round < 200_000; round++) {
      while (free.get(at) == 0 && !stopped) {
        at = (at + 1) % VERSIONS;
        Thread.onSpinWait();
      }
      free.set(at, 0);
      frames[at].beginLoad(1, false);
      table.replace(frames[at], 1, 0, 64);
      frames[at].unpin();
      Frame other = table.findExactly(1, mate);
      assertNotNull(other, "a page of the same chain is lost after " + round + " rounds");
      other.unpin();
    }
  }

  /// Uses each version that is given up for another page, for a while.
  private void reuseMany() {
    for (int i = 0; i < VERSIONS; i++) {
      if (frames[i].tryReclaim(slots)) {
        frames[i].free();
        insert(frames[i], 2, 4096L * i);
        assertTrue(frames[i].tryRetireIdle());
        table.remove(frames[i]);
        assertTrue(frames[i].tryReclaim(slots));
        frames[i].free();
        free.set(i, 1);
      }
    }
  }

  private void insert(Frame frame, long fileId, long offset) {
    frame.beginLoad(1, false);
    table.insert(frame, fileId, offset, 64, 0);
  }

  /// Where a block of file 1 lies that is in the chain of its first one.
  private static long chainMate() {
    long offset = 4096;
    while (chain(1, offset) != chain(1, 0)) {
      offset += 4096;
    }
    return offset;
  }

  private static int chain(long fileId, long offset) {
    return (int) (FrameTable.hash(fileId, offset) >>> 32) & CHAINS - 1;
  }
}
