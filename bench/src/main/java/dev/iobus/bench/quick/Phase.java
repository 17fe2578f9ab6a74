package dev.iobus.bench.quick;

import dev.iobus.bench.result.ResultBuilder;

/// One part of the job; adds its rows to the result. The subject is open before and after.
@FunctionalInterface
interface Phase {

  /// Does it.
  ///
  /// @throws dev.iobus.bench.measure.MismatchException when the store gives a wrong answer
  void run(Bed bed, ResultBuilder result) throws Exception;
}
