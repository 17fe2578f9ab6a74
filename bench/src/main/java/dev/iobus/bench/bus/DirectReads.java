package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.RegisteredBuffer;
import dev.iobus.RegisteredFile;
import dev.iobus.Result;
import dev.iobus.bench.measure.Latencies;
import dev.iobus.bench.measure.Measurement;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Keeps a number of random block reads in flight on one bus: registered file, registered
/// buffers, at most eight submissions per system call. Every result is checked: its length, and
/// that it is the block that was asked for. Confined to one platform thread.
public final class DirectReads implements AutoCloseable {

  /// A longer run lets the device drain while the run is prepared.
  private static final int RUN_MAX = 8;

  /// One place in the buffer, with the read that is in flight there.
  private static final class Slot {

    private final int index;
    private int block;
    private long submittedAt;

    Slot(int index) {
      this.index = index;
    }
  }

  private final BlockFile file;
  private final Arena arena = Arena.ofShared();
  private final Bus bus;
  private final OpenFile opened;
  private final RegisteredFile registered;
  private final RegisteredBuffer buffer;
  private final MemorySegment memory;
  private final SplittableRandom random = new SplittableRandom(1);
  private final Slot[] slots;

  private final Slot[] freed = new Slot[RUN_MAX];
  private int freedCount;
  private Latencies latencies = new Latencies();
  private @Nullable IOException failure;

  /// @param depth reads in flight, at least 1
  /// @param backend the backend to use; null for the best that this host allows
  public DirectReads(BlockFile file, int depth, @Nullable BackendKind backend) throws IOException {
    this.file = file;
    bus = Bus.open(BusOptions.defaults().withCapacity(depth).withBackend(backend));
    opened = open(bus, file);
    registered = bus.register(opened);
    memory = arena.allocate((long) depth * BlockFile.BLOCK_LENGTH, BlockFile.BLOCK_LENGTH);
    buffer = bus.register(memory);
    slots = new Slot[depth];
    for (int i = 0; i < depth; i++) {
      slots[i] = new Slot(i);
    }
  }

  private static OpenFile open(Bus bus, BlockFile file) throws IOException {
    bus.submit(bus.open(file.path(), OpenFlag.READ, OpenFlag.DIRECT));
    Result result = bus.dispatch();
    try {
      return result.endOpen();
    } finally {
      bus.done(result);
    }
  }

  /// The backend, why, and whether the kernel took the buffers.
  public String describe() {
    String refusal = buffer.refusal();
    return bus.reason() + (refusal == null ? "" : "; buffers not registered: " + refusal);
  }

  /// Reads for `nanos`, then waits for what is in flight.
  ///
  /// @throws IOException when a read failed, was short, or brought the wrong block
  public Measurement run(long nanos) throws IOException {
    latencies = new Latencies();
    long from = System.nanoTime();
    int inFlight = start();
    while (inFlight > 0) {
      int count = bus.dispatch(1, Math.min(RUN_MAX, inFlight), Long.MAX_VALUE, this::take);
      inFlight -= count;
      if (failure == null && System.nanoTime() - from < nanos) {
        for (int i = 0; i < freedCount; i++) {
          enqueue(freed[i]);
        }
        inFlight += freedCount;
      }
      freedCount = 0;
    }
    if (failure != null) {
      throw failure;
    }
    long elapsed = System.nanoTime() - from;
    long operations = latencies.count();
    return new Measurement(operations, operations * BlockFile.BLOCK_LENGTH, elapsed, latencies);
  }

  /// Fills the device's queue in short runs, so that it begins to work at once.
  private int start() throws IOException {
    for (int i = 0; i < slots.length; i++) {
      enqueue(slots[i]);
      if (i % RUN_MAX == RUN_MAX - 1) {
        bus.submit();
      }
    }
    bus.submit();
    return slots.length;
  }

  private void enqueue(Slot slot) throws IOException {
    slot.block = random.nextInt(file.blocks());
    long at = BlockFile.offsetOf(slot.index);
    long offset = BlockFile.offsetOf(slot.block);
    Handle read = bus.read(registered, buffer, at, BlockFile.BLOCK_LENGTH, offset);
    slot.submittedAt = System.nanoTime();
    bus.enqueue(read.attach(slot));
  }

  private void take(Result result) {
    if (!(result.attachment() instanceof Slot slot)) {
      throw new AssertionError("a result without its slot");
    }
    latencies.record(System.nanoTime() - slot.submittedAt);
    try {
      check(result.endRead(), slot);
    } catch (IOException e) {
      failure = e;
    } finally {
      bus.done(result);
    }
    freed[freedCount++] = slot;
  }

  private void check(int length, Slot slot) throws IOException {
    if (length != BlockFile.BLOCK_LENGTH) {
      throw new IOException(
          "block " + slot.block + ": expected " + BlockFile.BLOCK_LENGTH + " bytes, got " + length);
    }
    long number = BlockFile.numberAt(memory, BlockFile.offsetOf(slot.index));
    if (number != slot.block) {
      throw new IOException("expected block " + slot.block + ", got block " + number);
    }
  }

  @Override
  public void close() throws IOException {
    bus.unregister(buffer);
    bus.unregister(registered);
    bus.submit(bus.close(opened));
    Result result = bus.dispatch();
    try {
      result.endClose();
    } finally {
      bus.done(result);
      bus.close();
      arena.close();
    }
  }
}
