package dev.iobus.bench.quick;

import dev.iobus.bench.measure.Report;
import dev.iobus.bench.measure.Row;

/// Gets keys in random order: from one thread, then from many virtual ones.
final class RandomGets implements Phase {

  @Override
  public void run(Bed bed, Report report) throws Exception {
    Gets gets = new Gets(bed);
    long nanos = bed.settings().phaseNanos();
    String alone = "random gets, 1 thread";
    report.add(Row.of(alone, bed.oneWorker().runFor(alone, nanos, gets::random)));
    String together = "random gets, " + bed.settings().threads() + " virtual";
    report.add(Row.of(together, bed.manyWorkers().runFor(together, nanos, gets::random)));
  }
}
