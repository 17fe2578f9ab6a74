package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Result;
import dev.iobus.ResultVisitor;
import dev.iobus.bench.measure.Allocation;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Submits operations that do nothing, in batches that are waited for: what a [Bus] costs by
/// itself. As one who has many operations of one kind writes it: a visitor checks each result and has
/// the operation done again, in the next batch. Takes no latencies, which would cost more. Confined to
/// one platform thread.
final class Nops implements Contender {

  /// Batches between two looks at the clock.
  private static final int BATCHES_PER_LOOK = 64;

  private final Bus bus;
  private final int batch;
  private final ResultVisitor visitor = this::visit;
  private @Nullable IOException failure;

  /// @param batch operations of a batch, 1 to 16,384
  /// @param backend the backend to use; null for the best that this host allows
  Nops(int batch, @Nullable BackendKind backend) throws IOException {
    this.batch = batch;
    this.bus = Bus.open(BusOptions.defaults().withCapacity(batch).withBackend(backend));
    for (int i = 0; i < batch; i++) {
      bus.enqueue(bus.nop());
    }
  }

  @Override
  public String describe() {
    return bus.reason();
  }

  @Override
  public Outcome run(long nanos) throws IOException {
    long from = System.nanoTime();
    RateLog rates = new RateLog(from);
    double allocatedBefore = Allocation.bytes();
    long operations = 0;
    long now = from;
    while (now - from < nanos) {
      for (int i = 0; i < BATCHES_PER_LOOK; i++) {
        runBatch();
      }
      if (failure != null) {
        throw failure;
      }
      operations += (long) BATCHES_PER_LOOK * batch;
      now = System.nanoTime();
      rates.tell(now, operations);
    }
    double allocated = Allocation.bytes() - allocatedBefore;
    return Outcome.here(
        new Measurement(
            operations, 0, now - from, new Latencies().toHistogram(), rates.series(), allocated));
  }

  private void runBatch() throws IOException {
    int left = batch;
    while (left > 0) {
      left -= bus.dispatch(left, left, Long.MAX_VALUE, visitor);
    }
  }

  private ResultVisitor.Then visit(Result result, int outcome) {
    if (outcome != 0) {
      failure = new IOException(result + " gave " + outcome);
    }
    return ResultVisitor.Then.REARM;
  }

  @Override
  public void close() {
    bus.close();
  }
}
