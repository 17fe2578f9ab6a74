package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusFile;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.RegisteredBuffer;
import dev.iobus.Result;
import dev.iobus.ResultVisitor;
import dev.iobus.WriteFlag;
import dev.iobus.bench.measure.Allocation;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Does a job on one [Bus]: one thread keeps the queue full, with submissions of [#runLength], and
/// allocates nothing per transfer itself. As one who has many transfers of one kind writes it: a
/// visitor judges each and has it done again elsewhere in the file, in the next submission. Confined to
/// one platform thread.
final class BusContender implements Contender {

  /// A longer run, or one that is a larger part of the queue, lets the device drain while the run is
  /// prepared.
  private static final int DIRECT_RUN_MAX = 8;

  /// Longer runs gain nothing more: the call of the kernel is a small part of one by then.
  private static final int BUFFERED_RUN_MAX = 32;

  /// One place in the memory, with the transfer that is in flight there.
  private static final class Slot {

    private final long at;
    private final MemorySegment memory;
    private int block;
    private long startedAt;

    Slot(long at, MemorySegment memory) {
      this.at = at;
      this.memory = memory;
    }
  }

  // Constant after construction.
  private final Blocks blocks;
  private final Arena arena = Arena.ofShared();
  private final Bus bus;
  private final OpenFile opened;
  private final BusFile file;
  private final MemorySegment memory;
  private final @Nullable RegisteredBuffer buffer;
  private final Slot[] slots;

  /// Results taken, and then transfers submitted, in one go.
  private final int runLength;

  private final ResultVisitor visitor = this::visit;

  // Owned by the bus thread, of one run.
  private int inFlight;
  private boolean ending;
  private Latencies latencies = new Latencies();
  private @Nullable Exception failure;

  /// @param backend the backend to use; null for the best that this host allows
  BusContender(Blocks blocks, @Nullable BackendKind backend) throws IOException {
    this.blocks = blocks;
    Job job = blocks.job();
    bus = Bus.open(BusOptions.defaults().withCapacity(job.depth()).withBackend(backend));
    try {
      opened = open(bus, blocks.file().path(), flags(job));
      memory = arena.allocate((long) job.depth() * job.blockLength(), PageFormat.LENGTH);
      file = job.isRegistered() ? bus.register(opened) : opened;
      buffer = job.isRegistered() ? bus.register(memory) : null;
    } catch (IOException | RuntimeException e) {
      bus.close();
      arena.close();
      throw e;
    }
    runLength = runLength(job);
    slots = new Slot[job.depth()];
    for (int i = 0; i < slots.length; i++) {
      long at = (long) i * job.blockLength();
      slots[i] = new Slot(at, memory.asSlice(at, job.blockLength()));
    }
  }

  /// Transfers that are submitted together, and results that are taken together: half of the queue
  /// where they end as they are submitted, since there is no device that waits for the next.
  static int runLength(Job job) {
    return job.isDirect()
        ? Math.clamp(job.depth() / DIRECT_RUN_MAX, 1, DIRECT_RUN_MAX)
        : Math.clamp(job.depth() / 2, 1, BUFFERED_RUN_MAX);
  }

  /// How the file of `job` is opened on any bus.
  static OpenFlag[] flags(Job job) {
    List<OpenFlag> flags = new ArrayList<>(List.of(OpenFlag.READ));
    if (job.access().isWrite()) {
      flags.add(OpenFlag.WRITE);
    }
    if (job.isDirect()) {
      flags.add(OpenFlag.DIRECT);
    }
    return flags.toArray(OpenFlag[]::new);
  }

  /// Opens a file on an idle bus.
  static OpenFile open(Bus bus, Path path, OpenFlag... flags) throws IOException {
    bus.submit(bus.open(path, flags));
    Result result = bus.dispatch();
    try {
      return result.endOpen();
    } finally {
      bus.done(result);
    }
  }

  @Override
  public String describe() {
    String refusal = buffer == null ? null : buffer.refusal();
    return bus.reason() + (refusal == null ? "" : "; memory not registered: " + refusal);
  }

  @Override
  public Outcome run(long nanos) throws Exception {
    latencies = new Latencies();
    long from = System.nanoTime();
    RateLog rates = new RateLog(from);
    double allocatedBefore = Allocation.bytes();
    ending = false;
    start();
    while (inFlight > 0) {
      bus.dispatch(1, Math.min(runLength, inFlight), Long.MAX_VALUE, visitor);
      long now = System.nanoTime();
      rates.tell(now, latencies.count());
      ending |= now - from >= nanos;
    }
    if (failure != null) {
      throw failure;
    }
    long elapsed = System.nanoTime() - from;
    double allocated = Allocation.bytes() - allocatedBefore;
    long operations = latencies.count();
    long bytes = operations * blocks.job().blockLength();
    return Outcome.here(
        new Measurement(
            operations, bytes, elapsed, latencies.toHistogram(), rates.series(), allocated));
  }

  /// Fills the device's queue in short runs, so that it begins to work at once.
  private void start() throws IOException {
    for (int i = 0; i < slots.length; i++) {
      Slot slot = slots[i];
      next(slot, System.nanoTime());
      bus.enqueue(transfer(slot, blocks.offsetOf(slot.block)).attach(slot));
      inFlight++;
      if (i % runLength == runLength - 1) {
        bus.submit();
      }
    }
    bus.submit();
  }

  /// Gives a slot another block, whose time counts from the end of the last one.
  private void next(Slot slot, long now) {
    slot.startedAt = now;
    slot.block = blocks.next();
    blocks.prepare(slot.block, memory, slot.at);
  }

  private Handle transfer(Slot slot, long offset) {
    int length = blocks.job().blockLength();
    if (blocks.job().access().isWrite()) {
      return buffer == null
          ? bus.write(file, slot.memory, offset, WriteFlag.NONE)
          : bus.write(file, buffer, slot.at, length, offset, WriteFlag.NONE);
    }
    return buffer == null
        ? bus.read(file, slot.memory, offset)
        : bus.read(file, buffer, slot.at, length, offset);
  }

  private ResultVisitor.Then visit(Result result, int outcome) {
    if (!(result.attachment() instanceof Slot slot)) {
      throw new AssertionError("a result without its slot");
    }
    long now = System.nanoTime();
    latencies.record(now - slot.startedAt);
    check(slot, result, outcome);
    if (ending) {
      inFlight--;
      return ResultVisitor.Then.DONE;
    }
    next(slot, now);
    result.handle().offset(blocks.offsetOf(slot.block));
    return ResultVisitor.Then.REARM;
  }

  private void check(Slot slot, Result result, int outcome) {
    try {
      blocks.check(slot.block, outcome > 0 ? outcome : end(result), memory, slot.at);
    } catch (IOException e) {
      failure = blocks.failed(slot.block, e);
      ending = true;
    } catch (MismatchException e) {
      failure = e;
      ending = true;
    }
  }

  /// What a transfer of nothing, or a failed one, has met.
  private int end(Result result) throws IOException {
    return blocks.job().access().isWrite() ? result.endWrite() : result.endRead();
  }

  /// Ends what the bus itself does not: the open file and the memory.
  @Override
  public void close() throws IOException {
    try {
      if (bus.inFlight() == 0) {
        close(bus, opened);
      }
    } finally {
      bus.close();
      arena.close();
    }
  }

  /// Closes a file on an idle bus.
  static void close(Bus bus, OpenFile file) throws IOException {
    bus.submit(bus.close(file));
    Result result = bus.dispatch();
    try {
      result.endClose();
    } finally {
      bus.done(result);
    }
  }
}
