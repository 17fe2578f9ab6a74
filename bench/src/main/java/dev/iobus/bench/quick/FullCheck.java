package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.bench.measure.Workers.Step;
import dev.iobus.kv.Cursor;
import dev.iobus.kv.VerifyReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Closes and reopens the store, lets it verify every block, then compares every entry with the
/// model, deleted keys included.
final class FullCheck implements Phase {

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    Model model = bed.model();
    bed.close();
    result.add(once(bed, "reopen", this::reopen));
    result.add(once(bed, "verify", this::verify));
    result.add(once(bed, "compare all", this::compareAll).with(Metric.SPACE_AMPLIFICATION, bed.diskPerUserByte()));
    bed.checkSurvived();
    Gets gets = new Gets(bed);
    bed.manyWorkers().runAll("get every key", model.input().count(), gets::inOrder);
  }

  /// One thing that is done to the store; returns the bytes that it went through.
  @FunctionalInterface
  private interface Action {
    long apply(Bed bed) throws Exception;
  }

  private static Run once(Bed bed, String name, Action action) throws Exception {
    Step step = (index, stopwatch) -> action.apply(bed);
    return bed.measure(name, () -> bed.oneWorker().runAll(name, 1, step));
  }

  private long reopen(Bed bed) throws IOException {
    bed.open();
    return 0;
  }

  private long verify(Bed bed) throws IOException {
    VerifyReport verified = bed.store().verify();
    return verified.bytes();
  }

  /// Walks over all module paths: exactly the live ones, with their values, in order.
  private long compareAll(Bed bed) throws IOException, MismatchException {
    Model model = bed.model();
    byte[] upper = CrashSteps.ROOT.getBytes(StandardCharsets.UTF_8);
    int end = model.input().count();
    long bytes = 0;
    try (Cursor cursor = bed.store().cursor(null, upper)) {
      int index = model.nextLive(0);
      for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
        Scans.checkInside(cursor.key(), index < end);
        bytes += Scans.check(model, index, cursor.key(), cursor.value());
        index = model.nextLive(index + 1);
      }
      Scans.checkEnd(model, index, index < end);
    }
    return bytes;
  }
}
