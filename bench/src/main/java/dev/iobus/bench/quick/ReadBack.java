package dev.iobus.bench.quick;

import dev.iobus.bench.measure.Report;
import dev.iobus.bench.measure.Row;

/// Gets every key once, in order, and compares every value.
final class ReadBack implements Phase {

  @Override
  public void run(Bed bed, Report report) throws Exception {
    Gets gets = new Gets(bed);
    long count = bed.model().input().count();
    report.add(Row.of("read back", bed.manyWorkers().runAll("read back", count, gets::inOrder)));
  }
}
