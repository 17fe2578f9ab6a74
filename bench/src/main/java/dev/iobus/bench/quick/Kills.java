package dev.iobus.bench.quick;

import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Series;
import dev.iobus.bench.result.ResultBuilder;
import dev.iobus.bench.result.Run;
import dev.iobus.kv.Store;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/// Closes the store, lets a child JVM write to its directory, kills the child at a random moment,
/// opens the store again and checks that everything acknowledged is there and that no batch is
/// there in part. Several times, each on top of the last.
final class Kills implements Phase {

  private static final int WRITERS = 8;
  private static final int DELAY_MILLIS_MIN = 100;
  private static final int DELAY_MILLIS_MAX = 1_000;

  @Override
  public void run(Bed bed, ResultBuilder result) throws Exception {
    SplittableRandom random = new SplittableRandom(bed.settings().seed());
    Latencies opens = new Latencies();
    AtomicLong acknowledged = new AtomicLong();
    long writing = 0;
    long opening = 0;
    int kills = bed.settings().kills();
    try (Progress.Phase _ = bed.progress().begin("kills", Long.MAX_VALUE, acknowledged::get)) {
      for (int round = 0; round < kills; round++) {
        bed.close();
        long millis = random.nextInt(DELAY_MILLIS_MIN, DELAY_MILLIS_MAX);
        KilledChild child =
            KilledChild.run(bed.directory(), bed.settings().store(), round, WRITERS, millis);
        acknowledged.addAndGet(child.sum());
        writing += child.nanos();
        long from = System.nanoTime();
        bed.open();
        long nanos = System.nanoTime() - from;
        opens.record(nanos);
        opening += nanos;
        bed.checkSurvived();
        bed.addSurvived(check(bed, round, child));
      }
    }
    result.add(row(bed, "acknowledged before kills", acknowledged.get(), writing, new Latencies()));
    result.add(row(bed, "reopen after a kill", kills, opening, opens));
  }

  private static List<CrashSteps.Survived> check(Bed bed, int round, KilledChild child)
      throws IOException, MismatchException {
    Store store = bed.store();
    Durability durability = bed.settings().store().durability();
    List<CrashSteps.Survived> survived = new ArrayList<>();
    for (int writer = 0; writer < child.acknowledged().length; writer++) {
      CrashSteps steps = new CrashSteps(round, writer);
      survived.add(
          switch (durability) {
            case SYNCED, WRITTEN ->
                steps.findAcknowledged(store, child.acknowledged()[writer]);
            case BUFFERED -> steps.findPrefix(store);
          });
    }
    return survived;
  }

  private static Run row(
      Bed bed, String name, long operations, long nanos, Latencies latencies) {
    Measurement measurement =
        new Measurement(
            operations, 0, Math.max(1, nanos), latencies.toHistogram(), Series.NONE);
    return bed.row(name, measurement);
  }
}
