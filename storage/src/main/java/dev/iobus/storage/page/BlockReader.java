package dev.iobus.storage.page;

import dev.iobus.BusFile;
import dev.iobus.IoBatch;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.CorruptionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// Reads blocks from their files, verifies and decodes them, and ends their loads. Thread-safe.
///
/// The blocks of one step are in flight together. A step holds its pages of the slab until its
/// blocks are decoded, and waits meanwhile for the device, and for a transient buffer at most as
/// long as [TransientMemory] lets it.
final class BlockReader {

  /// A file that says a block is larger is damaged: the largest value has 64 MiB.
  static final int DECODED_BYTES_MAX = 128 << 20;

  /// Larger reads are split, so that the bus takes each part as one transfer.
  private static final int TRANSFER_BYTES_MAX = 512 << 10;

  /// More blocks than this are read in several steps.
  private static final int STEP_BLOCKS_MAX = 64;

  private final SharedBus bus;
  private final IoSlab slab;
  private final FrameAllocator frames;
  private final FrameTable table;
  private final TransientMemory transients;
  private final BlockLoads loads;

  final LongAdder misses = new LongAdder();
  final LongAdder transientReads = new LongAdder();

  BlockReader(
      SharedBus bus,
      IoSlab slab,
      FrameAllocator frames,
      FrameTable table,
      TransientMemory transients,
      BlockLoads loads) {
    this.bus = bus;
    this.slab = slab;
    this.frames = frames;
    this.table = table;
    this.transients = transients;
    this.loads = loads;
  }

  /// Reads the blocks of all loads and ends each of them; a failure ends the loads it concerns.
  void read(List<BlockLoad> toRead) {
    misses.add(toRead.size());
    int from = 0;
    while (from < toRead.size()) {
      int to = from;
      int pages = 0;
      while (to < toRead.size()
          && to - from < STEP_BLOCKS_MAX
          && pages + toRead.get(to).pages <= slab.pageCount()) {
        pages += toRead.get(to++).pages;
      }
      if (to == from) {
        readLarge(toRead.get(to++));
      } else {
        readStep(toRead.subList(from, to));
      }
      from = to;
    }
  }

  private void readStep(List<BlockLoad> step) {
    int count = step.size();
    int[] pages = new int[count];
    int[] firstPages = new int[count];
    int transfers = 0;
    for (int i = 0; i < count; i++) {
      pages[i] = step.get(i).pages;
      transfers += transferCount(step.get(i));
    }
    slab.take(pages, count, firstPages);
    boolean mine = true;
    try {
      IoBatch batch = bus.newBatch(transfers);
      for (int i = 0; i < count; i++) {
        addToBatch(batch, step.get(i), firstPages[i]);
      }
      mine = false;
      batch.await();
      mine = true;
      int transfer = 0;
      for (int i = 0; i < count; i++) {
        BlockLoad load = step.get(i);
        finish(load, batch, transfer, slab.memory(firstPages[i], pages[i]));
        transfer += transferCount(load);
      }
    } catch (IOException | RuntimeException | Error e) {
      failRest(step, e);
    } finally {
      if (mine) {
        slab.giveBack(pages, count, firstPages);
      } else {
        // The bus failed with transfers in flight: the kernel may still write to these pages.
        slab.abandon();
      }
    }
  }

  private void addToBatch(IoBatch batch, BlockLoad load, int firstPage) {
    BusFile file = load.file.file().file();
    long bytes = load.bytes();
    for (long at = 0; at < bytes; at += TRANSFER_BYTES_MAX) {
      int length = (int) Math.min(TRANSFER_BYTES_MAX, bytes - at);
      batch.read(
          file, slab.buffer(), IoSlab.byteOffset(firstPage) + at, length, load.offset + at);
    }
  }

  /// A block that the slab cannot hold, read into a buffer of its own.
  private void readLarge(BlockLoad load) {
    try {
      TransientBlock stored = transients.allocate(load.bytes());
      boolean mine = true;
      try {
        IoBatch batch = bus.newBatch(transferCount(load));
        BusFile file = load.file.file().file();
        for (long at = 0; at < load.bytes(); at += TRANSFER_BYTES_MAX) {
          long length = Math.min(TRANSFER_BYTES_MAX, load.bytes() - at);
          batch.read(file, stored.memory().asSlice(at, length), load.offset + at);
        }
        mine = false;
        batch.await();
        mine = true;
        finish(load, batch, 0, stored.memory());
      } finally {
        if (mine) {
          stored.unpin();
        } else {
          transients.abandon();
        }
      }
    } catch (IOException | RuntimeException | Error e) {
      failRest(List.of(load), e);
    }
  }

  private static int transferCount(BlockLoad load) {
    return (int) ((load.bytes() + TRANSFER_BYTES_MAX - 1) / TRANSFER_BYTES_MAX);
  }

  /// Ends one load whose transfers have ended.
  private void finish(BlockLoad load, IoBatch batch, int firstTransfer, MemorySegment stored) {
    try {
      long got = 0;
      for (int i = 0; i < transferCount(load); i++) {
        got += batch.result(firstTransfer + i);
      }
      if (got < load.bytes()) {
        throw new CorruptionException(
            load.file.file().path(),
            load.offset,
            "a block of " + load.bytes() + " bytes ends past the end of the file, "
                + got + " were read");
      }
      BlockMemory memory = decode(load, stored);
      load.file.leaveRead();
      loads.complete(load, memory);
    } catch (IOException | RuntimeException | Error e) {
      load.file.leaveRead();
      loads.fail(load, e);
    }
  }

  /// Verifies and decodes a block, and publishes it with a pin for the loader and each waiter.
  private BlockMemory decode(BlockLoad load, MemorySegment stored) throws IOException {
    int length = load.file.decoder().verify(stored, load.offset);
    if (length < 0 || length > DECODED_BYTES_MAX) {
      throw new CorruptionException(
          load.file.file().path(),
          load.offset,
          "a block that decodes to " + length + " bytes, at most " + DECODED_BYTES_MAX);
    }
    boolean fits = length <= FrameSizes.CAPACITY_MAX && load.keep == BlockLoad.Keep.IN_FRAME;
    Frame frame = fits ? frames.allocate(length) : null;
    return frame != null
        ? decodeToFrame(load, stored, length, frame)
        : decodeToTransient(load, stored, length);
  }

  private Frame decodeToFrame(BlockLoad load, MemorySegment stored, int length, Frame frame)
      throws IOException {
    try {
      load.file.decoder().decode(stored, load.offset, frame.loadInto(length));
    } catch (IOException | RuntimeException | Error e) {
      frames.giveBack(frame);
      throw e;
    }
    int waiters = loads.seal(load);
    // The loader's pin keeps the frame from the clock until it is in the table.
    frame.publish(load.file.fileId(), load.offset, length, 1 + waiters);
    table.insert(frame);
    return frame;
  }

  private TransientBlock decodeToTransient(BlockLoad load, MemorySegment stored, int length)
      throws IOException {
    TransientBlock block = transients.allocate(length);
    try {
      load.file.decoder().decode(stored, load.offset, block.memory());
    } catch (IOException | RuntimeException | Error e) {
      block.unpin();
      throw e;
    }
    transientReads.increment();
    block.pin(loads.seal(load));
    return block;
  }

  /// Fails those loads of a step that have not ended yet.
  private void failRest(List<BlockLoad> step, Throwable failure) {
    for (BlockLoad load : step) {
      if (!loads.isDone(load)) {
        load.file.leaveRead();
        loads.fail(load, failure);
      }
    }
  }
}
