package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// What was counted before uses are halved is compared with what is counted after it.
class AgingTest {

  /// Blocks that fill the frames but for a few, and are used evenly: all stay.
  private static final int KEPT = 250;

  /// Blocks that come and go, each needed again soon after it was given up.
  private static final int PASSING = 24;

  /// The frame for which each was given up is used by then, too: their duel says nothing of the window.
  /// If uses were halved in between and the number that the duel began with was not, the frame would look
  /// as if it had not been used, and the window would grow: 85 of 100 uses of what stays would be hits.
  @Test
  void aFrameThatIsUsedAfterItsUsesWereHalvedIsNotTakenForIdle() {
    try (TestFrames frames = new TestFrames(1)) {
      for (int block = 0; block < KEPT; block++) {
        frames.access(1, block);
      }
      int hits = 0;
      int kept = 0;
      for (int step = 0; step < 10_000; step++) {
        for (int i = 0; i < 16; i++) {
          hits += frames.access(1, kept++ % KEPT) ? 1 : 0;
        }
        for (int i = 0; i < 43; i++) {
          frames.access(1, 0); // More uses than are counted; time goes by with them.
        }
        frames.access(2, step % PASSING);
      }
      double rate = (double) hits / kept;
      assertTrue(rate > 0.98, "hits of what is kept: " + rate);
    }
  }
}
