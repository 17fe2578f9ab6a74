package dev.iobus.bench.bus;

import dev.iobus.bench.measure.Allocation;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.MismatchException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import one.jasyncfio.AsyncFile;
import one.jasyncfio.EventExecutor;
import one.jasyncfio.OpenOption;

/// jasyncfio: io_uring behind an event loop with a thread of its own, a future for each read.
///
/// One thread keeps as many reads in flight as the job is deep, and waits for the oldest of them:
/// a read that is submitted by the callback of another waits for the loop's next turn, which was
/// seen to take for ever.
public final class JasyncfioPeer implements BlockPeer {

  /// For the service loader.
  public JasyncfioPeer() {}

  @Override
  public String name() {
    return "jasyncfio";
  }

  @Override
  public Contender open(Blocks blocks) throws IOException, HostLacksException {
    EventExecutor executor;
    try {
      executor = EventExecutor.initDefault();
    } catch (RuntimeException | LinkageError e) {
      throw new HostLacksException("jasyncfio cannot run here: " + e);
    }
    try {
      Path path = blocks.file().path();
      return new Reader(
          blocks, executor, get(AsyncFile.open(path, executor, OpenOption.READ_ONLY)));
    } catch (IOException | RuntimeException e) {
      close(executor);
      throw e;
    }
  }

  private static void close(EventExecutor executor) throws IOException {
    try {
      executor.close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /// A read in flight, and its memory.
  private static final class Slot {

    private final ByteBuffer buffer;
    private final MemorySegment memory;
    private CompletableFuture<Integer> future = CompletableFuture.completedFuture(0);
    private int block;
    private long startedAt;

    Slot(int length) {
      buffer = BlockFile.alignedBuffer(length);
      memory = MemorySegment.ofBuffer(buffer);
    }
  }

  /// Confined to one thread.
  private static final class Reader implements Contender {

    private final Blocks blocks;
    private final EventExecutor executor;
    private final AsyncFile file;
    private final Slot[] slots;

    Reader(Blocks blocks, EventExecutor executor, AsyncFile file) {
      this.blocks = blocks;
      this.executor = executor;
      this.file = file;
      slots = new Slot[blocks.job().depth()];
      for (int i = 0; i < slots.length; i++) {
        slots[i] = new Slot(blocks.job().blockLength());
      }
    }

    @Override
    public String describe() {
      return "jasyncfio 0.0.7, one event loop; file and memory plain";
    }

    @Override
    public Outcome run(long nanos) throws IOException, MismatchException {
      Latencies latencies = new Latencies();
      long from = System.nanoTime();
      RateLog rates = new RateLog(from);
      double allocatedBefore = Allocation.bytes();
      for (Slot slot : slots) {
        start(slot, System.nanoTime());
      }
      int running = slots.length;
      // When the time is over, each slot comes once more.
      for (int i = 0; running > 0; i = i + 1 < slots.length ? i + 1 : 0) {
        Slot slot = slots[i];
        int length = get(slot.future);
        long now = System.nanoTime();
        latencies.record(now - slot.startedAt);
        blocks.check(slot.block, length, slot.memory, 0);
        rates.tell(now, latencies.count());
        if (now - from < nanos) {
          start(slot, now);
        } else {
          running--;
        }
      }
      long elapsed = System.nanoTime() - from;
      double allocated = Allocation.bytes() - allocatedBefore;
      long operations = latencies.count();
      long bytes = operations * blocks.job().blockLength();
      return Outcome.here(
          new Measurement(
              operations, bytes, elapsed, latencies.toHistogram(), rates.series(), allocated));
    }

    private void start(Slot slot, long now) {
      slot.startedAt = now;
      slot.block = blocks.next();
      blocks.prepare(slot.block, slot.memory, 0);
      long offset = blocks.offsetOf(slot.block);
      slot.future = file.read(slot.buffer.clear(), offset, blocks.job().blockLength());
    }

    @Override
    public void close() throws IOException {
      try {
        get(file.close());
      } finally {
        JasyncfioPeer.close(executor);
      }
    }
  }
}
