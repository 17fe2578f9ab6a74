package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.BusFile;
import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Does a job with blocking calls on one [SharedBus], from as many threads as the job is deep. The
/// file is registered where the job wants it; the memory is plain.
final class SharedBusContender implements Contender {

  private final Blocks blocks;
  private final Workers.Kind kind;
  private final Arena arena = Arena.ofShared();
  private final SharedBus bus;
  private final OpenFile opened;
  private final BusFile file;

  /// The memory of each worker.
  private final MemorySegment[] memory;

  /// Of the last run.
  private ServedThreads served;

  /// @param backend the backend to use; null for the best that this host allows
  SharedBusContender(Blocks blocks, Workers.Kind kind, @Nullable BackendKind backend)
      throws IOException {
    this.blocks = blocks;
    this.kind = kind;
    Job job = blocks.job();
    served = new ServedThreads(job.depth());
    bus = SharedBus.open(BusOptions.defaults().withBackend(backend));
    try {
      opened = bus.open(blocks.file().path(), BusContender.flags(job));
      file = job.isRegistered() ? bus.register(opened) : opened;
      memory = new MemorySegment[job.depth()];
      for (int i = 0; i < memory.length; i++) {
        memory[i] = arena.allocate(job.blockLength(), PageFormat.LENGTH);
      }
    } catch (IOException | RuntimeException e) {
      bus.close();
      arena.close();
      throw e;
    }
  }

  @Override
  public String describe() {
    return bus.reason() + served.describe();
  }

  @Override
  public Outcome run(long nanos) throws Exception {
    served = new ServedThreads(memory.length);
    Workers workers = new Workers(kind, memory.length, Progress.none());
    return Outcome.here(workers.runFor("shared", nanos, this::step));
  }

  private long step(long index, Stopwatch stopwatch) throws Exception {
    int worker = (int) (index % memory.length);
    MemorySegment own = memory[worker];
    int block = blocks.next();
    blocks.prepare(block, own, 0);
    long length;
    try {
      length = transfer(own, blocks.offsetOf(block));
    } catch (IOException e) {
      throw blocks.failed(block, e);
    }
    stopwatch.stop();
    served.add(worker);
    blocks.check(block, length, own, 0);
    return length;
  }

  private long transfer(MemorySegment own, long offset) throws IOException {
    if (blocks.job().access().isWrite()) {
      bus.writeFully(file, own, offset, WriteFlag.NONE);
      return own.byteSize();
    }
    return bus.readFully(file, own, offset);
  }

  @Override
  public void close() throws IOException {
    try {
      bus.close(opened);
    } finally {
      bus.close();
      arena.close();
    }
  }
}
