package dev.iobus.bench.quick;

import dev.iobus.bench.result.ResultBuilder;

/// Gets keys in random order: from one thread, then from many virtual ones.
final class RandomGets implements Phase {

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    Gets gets = new Gets(bed);
    long nanos = bed.settings().phaseNanos();
    String alone = "random gets, 1 thread";
    result.add(
        bed.measure(alone, () -> bed.oneWorker().runFor(alone, nanos, gets::random)));
    String together = "random gets, " + bed.settings().threads() + " virtual";
    result.add(
        bed.measure(together, () -> bed.manyWorkers().runFor(together, nanos, gets::random)));
  }
}
