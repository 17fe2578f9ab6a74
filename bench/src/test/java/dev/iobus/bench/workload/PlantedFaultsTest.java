package dev.iobus.bench.workload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Workers;
import dev.iobus.bench.subject.MapSubject;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.Sync;
import dev.iobus.bench.workload.WorkloadRun.Plan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// A subject that answers wrongly must fail the run, however rarely it does, and one that is right
/// must not.
final class PlantedFaultsTest {

  private static final int COUNT = 3_000;
  private static final int RARELY = 97;
  private static final long NANOS = 60_000_000;

  private final Records records = new Records(COUNT, 16, 64, 0.5, 1);

  private void run(Workload workload, Supplier<Subject> made, int threads) throws Exception {
    WriteHistory history = new WriteHistory(COUNT + 10_000);
    try (Subject subject = made.get()) {
      if (workload.preload() != Preload.EMPTY) {
        load(subject, history);
      }
      Plan plan = new Plan(workload, Sync.WRITTEN, 10, null, NANOS, 0, 1);
      Workers workers = new Workers(Workers.Kind.PLATFORM, threads, Progress.none());
      WorkloadRun run = new WorkloadRun(plan, subject, records, history, workers);
      run.prepare();
      Measurement measurement = run.run();
      assertTrue(measurement.operations() > 0);
      long present = StoreCheck.run(subject, records, history);
      if (workload.preload() == Preload.EMPTY && workload.endsByItself()) {
        assertEquals(COUNT, present);
      }
    }
  }

  private void load(Subject subject, WriteHistory history) throws Exception {
    for (int i = 0; i < COUNT; i++) {
      subject.put(records.key(i), records.value(i, WriteHistory.LOADED), Sync.WRITTEN);
    }
    history.loaded(COUNT);
  }

  private void mustFail(Workload workload, Supplier<Subject> made) {
    assertThrows(MismatchException.class, () -> run(workload, made, 1), workload.label());
  }

  @ParameterizedTest
  @EnumSource(value = Workload.class, names = "OPEN_AFTER_CRASH", mode = Mode.EXCLUDE)
  void rightAnswersPass(Workload workload) throws Exception {
    run(workload, MapSubject::new, 1);
    run(workload, MapSubject::new, 4);
  }

  /// Now and then the value of another record.
  private static final class WrongValue extends MapSubject {

    private final AtomicInteger gets = new AtomicInteger();
    private byte @Nullable [] last;

    @Override
    public byte @Nullable [] get(byte[] key) {
      byte[] found = super.get(key);
      byte[] answer = gets.incrementAndGet() % RARELY == 0 ? last : found;
      last = found;
      return answer;
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Workload.class,
      names = {
        "READRANDOM", "READHOT", "MULTIREADRANDOM", "READWHILEWRITING", "UPDATERANDOM", "YCSB_A",
        "YCSB_B", "YCSB_C", "YCSB_F"
      })
  void wrongValueIsCaught(Workload workload) {
    mustFail(workload, WrongValue::new);
  }

  /// Now and then a put is acknowledged and forgotten.
  private static final class LostWrite extends MapSubject {

    private final AtomicInteger puts = new AtomicInteger();

    @Override
    public void put(byte[] key, byte[] value, Sync sync) {
      // Not while the test loads the store.
      if (puts.incrementAndGet() <= COUNT || puts.get() % RARELY != 0) {
        super.put(key, value, sync);
      }
    }
  }

  /// As [LostWrite], from the first put on.
  private static final class LostFill extends MapSubject {

    private final AtomicInteger puts = new AtomicInteger();

    @Override
    public void put(byte[] key, byte[] value, Sync sync) {
      if (puts.incrementAndGet() % RARELY != 0) {
        super.put(key, value, sync);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Workload.class,
      names = {"OVERWRITE", "UPDATERANDOM", "READWHILEWRITING", "YCSB_A", "YCSB_D", "YCSB_F"})
  void lostWriteIsCaught(Workload workload) {
    mustFail(workload, LostWrite::new);
  }

  @ParameterizedTest
  @EnumSource(
      value = Workload.class,
      names = {"FILLSEQ", "FILLRANDOM", "FILLBATCH", "FILLSYNC"})
  void lostFillIsCaught(Workload workload) {
    mustFail(workload, LostFill::new);
  }

  /// The deletion of some keys is acknowledged and forgotten.
  private static final class LostDelete extends MapSubject {

    @Override
    public void delete(byte[] key, Sync sync) {
      if (Arrays.hashCode(key) % RARELY != 0) {
        super.delete(key, sync);
      }
    }
  }

  @Test
  void lostDeleteIsCaught() {
    mustFail(Workload.DELETERANDOM, LostDelete::new);
    mustFail(Workload.SEEK_AFTER_DELETE, LostDelete::new);
  }

  /// A walk leaves out an entry now and then.
  private static final class SkippingWalk extends MapSubject {

    private final AtomicInteger visits = new AtomicInteger();

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      return super.scan(
          from,
          direction,
          limit,
          (key, value) -> {
            if (visits.incrementAndGet() % RARELY != 0) {
              visitor.visit(key, value);
            }
          });
    }
  }

  /// A walk answers with entries in another order.
  private static final class UnorderedWalk extends MapSubject {

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      List<byte[][]> met = new ArrayList<>();
      super.scan(from, direction, limit, (key, value) -> met.add(new byte[][] {key, value}));
      if (met.size() > 2) {
        met.add(met.remove(1));
      }
      for (byte[][] entry : met) {
        visitor.visit(entry[0], entry[1]);
      }
      return met.size();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Workload.class,
      names = {"READSEQ", "READREVERSE", "SEEKRANDOM", "YCSB_E"})
  void incompleteAndUnorderedWalksAreCaught(Workload workload) {
    mustFail(workload, SkippingWalk::new);
    mustFail(workload, UnorderedWalk::new);
  }

  /// A missing key is there.
  private static final class Inventing extends MapSubject {

    @Override
    public byte @Nullable [] get(byte[] key) {
      byte[] found = super.get(key);
      return found == null ? super.get(Arrays.copyOf(key, key.length - 1)) : found;
    }
  }

  @Test
  void inventedValueIsCaught() {
    mustFail(Workload.READMISSING, Inventing::new);
  }

  /// A walk that ends early.
  private static final class ShortWalk extends MapSubject {

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      return super.scan(from, direction, Math.max(1, Math.min(limit, COUNT) - 2), visitor);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Workload.class,
      names = {"READSEQ", "READREVERSE", "SEEKRANDOM"})
  void walkThatEndsEarlyIsCaught(Workload workload) {
    mustFail(workload, ShortWalk::new);
  }
}
