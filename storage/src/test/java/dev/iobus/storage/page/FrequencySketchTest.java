package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FrequencySketchTest {

  private static long hash(long block) {
    return FrameTable.hash(77, block * 4096);
  }

  @Test
  void itNeverTellsLessThanItWasTold() {
    FrequencySketch sketch = new FrequencySketch(1024);
    int tooHigh = 0;
    for (int block = 0; block < 2_000; block++) {
      sketch.raise(hash(block), block % 16);
    }
    for (int block = 0; block < 2_000; block++) {
      int estimate = sketch.estimate(hash(block));
      assertTrue(estimate >= block % 16, "block " + block + ": " + estimate);
      tooHigh += estimate > block % 16 ? 1 : 0;
    }
    assertTrue(tooHigh < 100, tooHigh + " of 2,000 estimates are too high");
  }

  @Test
  void allIsHalved() {
    FrequencySketch sketch = new FrequencySketch(64);
    sketch.raise(hash(1), 15);
    sketch.raise(hash(2), 6);
    sketch.age();
    assertEquals(7, sketch.estimate(hash(1)));
    assertEquals(3, sketch.estimate(hash(2)));
    sketch.age();
    assertEquals(3, sketch.estimate(hash(1)));
    sketch.raise(hash(1), 2);
    assertEquals(3, sketch.estimate(hash(1)));
  }
}
