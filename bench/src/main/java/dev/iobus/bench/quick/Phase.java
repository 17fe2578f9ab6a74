package dev.iobus.bench.quick;

import dev.iobus.bench.measure.Report;

/// One part of the job; adds its rows to the report. The store is open before and after.
@FunctionalInterface
interface Phase {

  /// @throws dev.iobus.bench.measure.MismatchException when the store gives a wrong answer
  void run(Bed bed, Report report) throws Exception;
}
