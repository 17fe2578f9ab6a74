package dev.iobus.bench.quick;

import dev.iobus.bench.result.ResultBuilder;

/// Gets every key once, in order, and compares every value.
final class ReadBack implements Phase {

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    Gets gets = new Gets(bed);
    long count = bed.model().input().count();
    result.add(
        bed.measure(
            "read back", () -> bed.manyWorkers().runAll("read back", count, gets::inOrder)));
  }
}
