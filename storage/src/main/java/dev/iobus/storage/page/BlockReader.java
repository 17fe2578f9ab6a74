package dev.iobus.storage.page;

import dev.iobus.BusException;
import dev.iobus.BusFile;
import dev.iobus.IoBatch;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.CorruptionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Reads blocks from their files, verifies and decodes them, and ends their loads. Thread-safe.
///
/// The blocks of one step are in flight together, those that lie side by side in one transfer. A
/// step holds its pages of the slab until its blocks are decoded, and waits meanwhile for the device
/// alone: a block that finds no memory is left until the pages are given back, waits for memory
/// then, and is read again.
final class BlockReader {

  /// A file that says a block is larger is damaged: the largest value has 64 MiB.
  static final int DECODED_BYTES_MAX = 128 << 20;

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

  /// Reads the block of one load and ends it.
  void read(BlockLoad load, WaitLimit limit) {
    misses.increment();
    readAlone(load, limit);
  }

  private void readAlone(BlockLoad load, WaitLimit limit) {
    boolean isLarge = load.pages() > slab.pageCount();
    try {
      boolean ended = false;
      while (!ended) {
        ended = isLarge ? readLarge(load, limit) : readToSlab(load, limit);
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(load, e);
    } finally {
      load.dropGranted();
    }
  }

  /// One attempt; false when the decoded block finds no memory: the next attempt waits for some.
  private boolean readToSlab(BlockLoad load, WaitLimit limit) throws IOException {
    if (load.lacking >= 0) {
      load.grant(transients.allocate(limit, load.lacking)[0]);
    }
    int firstPage = slab.take(load.pages());
    Throwable failure = null;
    try {
      BusFile file = load.file().file().file();
      long got = slab.readFully(file, firstPage, (int) load.bytes(), load.offset());
      return finish(load, got, slab.memory(firstPage, load.pages()));
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      if (failure == null
          || failure instanceof BusException
          || failure instanceof RuntimeException) {
        slab.giveBack(firstPage, load.pages());
      } else {
        // The bus failed with the transfer in flight: the kernel may still write to these pages.
        slab.abandon(failure);
      }
    }
  }

  /// Reads the blocks of all loads and ends each of them; a failure ends the loads it concerns.
  void read(List<BlockLoad> toRead, WaitLimit limit) {
    misses.add(toRead.size());
    List<BlockLoad> left = toRead;
    try {
      while (!left.isEmpty()) {
        TransferRuns<BlockLoad> runs = TransferRuns.of(left, slab.pageCount());
        int count = Math.max(1, runs.blocks().size());
        if (count == 1) {
          readAlone(left.getFirst(), limit);
        } else {
          readStep(runs, limit);
        }
        left = left.subList(count, left.size());
      }
    } catch (RuntimeException | Error e) {
      failRest(left, e);
    }
  }

  private void readStep(TransferRuns<BlockLoad> runs, WaitLimit limit) {
    int count = runs.count();
    int[] firstPages = new int[count];
    List<BlockLoad> again = List.of();
    try {
      slab.take(runs.pages(), count, firstPages);
    } catch (IOException | RuntimeException | Error e) {
      failRest(runs.blocks(), e);
      return;
    }
    boolean mine = true;
    Throwable failure = null;
    try {
      IoBatch batch = bus.newBatch(runs.transferCount());
      for (int run = 0; run < count; run++) {
        BlockLoad first = runs.blocks(run).getFirst();
        BusFile file = first.file().file().file();
        slab.addReads(batch, file, firstPages[run], runs.bytes(run), first.offset());
      }
      mine = false;
      batch.await();
      mine = true;
      again = finishAll(runs, batch, firstPages);
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      failRest(runs.blocks(), e);
    }
    if (mine || failure == null) {
      slab.giveBack(runs.pages(), count, firstPages);
    } else {
      // The bus failed with transfers in flight: the kernel may still write to these pages.
      slab.abandon(failure);
    }
    for (BlockLoad load : again) {
      readAlone(load, limit);
    }
  }

  /// Ends the loads of all runs, but some, which are returned: those of a run of several blocks that
  /// failed, since each of them shall have its own block's error, or none; and those that found no
  /// memory.
  private List<BlockLoad> finishAll(TransferRuns<BlockLoad> runs, IoBatch batch, int[] firstPages) {
    List<BlockLoad> again = new ArrayList<>();
    int transfer = 0;
    for (int run = 0; run < runs.count(); run++) {
      List<BlockLoad> loads = runs.blocks(run);
      int transfers = TransferRuns.transferCount(runs.bytes(run));
      long got;
      try {
        got = bytesRead(batch, transfer, transfers);
      } catch (IOException e) {
        if (loads.size() > 1) {
          again.addAll(loads);
        } else {
          failRest(loads, e);
        }
        transfer += transfers;
        continue;
      }
      MemorySegment stored = slab.memory(firstPages[run], runs.pages()[run]);
      long at = 0;
      for (BlockLoad load : loads) {
        if (!finish(load, got - at, stored.asSlice(at, load.bytes()))) {
          again.add(load);
        }
        at += load.bytes();
      }
      transfer += transfers;
    }
    return again;
  }

  private static long bytesRead(IoBatch batch, int first, int count) throws IOException {
    long got = 0;
    for (int i = first; i < first + count; i++) {
      got += batch.result(i);
    }
    return got;
  }

  /// As [#readToSlab] a block that the slab cannot hold, into a buffer of its own.
  private boolean readLarge(BlockLoad load, WaitLimit limit) throws IOException {
    TransientBlock stored;
    if (load.lacking >= 0) {
      TransientBlock[] both = transients.allocate(limit, load.bytes(), load.lacking);
      stored = both[0];
      load.grant(both[1]);
    } else {
      stored = transients.allocate(limit, load.bytes())[0];
    }
    boolean mine = true;
    try {
      int transfers = TransferRuns.transferCount(load.bytes());
      IoBatch batch = bus.newBatch(transfers);
      BusFile file = load.file().file().file();
      for (long at = 0; at < load.bytes(); at += TransferRuns.TRANSFER_BYTES_MAX) {
        long length = Math.min(TransferRuns.TRANSFER_BYTES_MAX, load.bytes() - at);
        batch.read(file, stored.memory().asSlice(at, length), load.offset() + at);
      }
      mine = false;
      batch.await();
      mine = true;
      return finish(load, bytesRead(batch, 0, transfers), stored.memory());
    } finally {
      if (mine) {
        stored.unpin();
      } else {
        transients.abandon();
      }
    }
  }

  /// Ends one load whose transfers have ended; false, and the load lives on, when it wants memory
  /// and there is none.
  ///
  /// @param got bytes of the block that were read, not above 0 when it begins past the file's end
  private boolean finish(BlockLoad load, long got, MemorySegment stored) {
    try {
      if (load.file().isWritable()) {
        // What a failed sync was to write, the kernel may have forgotten: older bytes come back.
        load.file().file().requireSyncable("read");
      }
      if (got < load.bytes()) {
        throw new CorruptionException(
            load.file().file().path(),
            load.offset(),
            "a block of " + load.bytes() + " bytes ends past the end of the file, "
                + Math.max(0, got) + " were read");
      }
      int length = decodedLength(load, stored);
      BlockMemory memory = decode(load, stored, length);
      if (memory == null && load.keep != BlockLoad.Keep.AHEAD) {
        load.lacking = length;
        return false;
      }
      load.file().leaveTransfer();
      if (memory != null) {
        loads.complete(load, memory);
      } else {
        loads.withdraw(load);
      }
    } catch (IOException | RuntimeException | Error e) {
      load.file().leaveTransfer();
      loads.fail(load, e);
    }
    return true;
  }

  private static int decodedLength(BlockLoad load, MemorySegment stored) throws IOException {
    int length = load.file().decoder().verify(stored, load.offset());
    if (length < 0 || length > DECODED_BYTES_MAX) {
      throw new CorruptionException(
          load.file().file().path(),
          load.offset(),
          "a block that decodes to " + length + " bytes, at most " + DECODED_BYTES_MAX);
    }
    return length;
  }

  /// Decodes a verified block, and publishes it with a pin for the loader, if that wants one, and
  /// each waiter; null when it finds no memory, or was read ahead and finds no frame.
  private @Nullable BlockMemory decode(BlockLoad load, MemorySegment stored, int length)
      throws IOException {
    boolean fits = length <= FrameSizes.CAPACITY_MAX && load.keep != BlockLoad.Keep.NOWHERE;
    boolean isAhead = load.keep == BlockLoad.Keep.AHEAD;
    Frame frame =
        fits
            ? frames.allocate(length, load.file().fileId(), load.offset(), isAhead)
            : null;
    if (frame != null) {
      return decodeToFrame(load, stored, length, frame);
    }
    if (isAhead) {
      return null;
    }
    TransientBlock granted = load.takeGranted(length);
    TransientBlock block = granted != null ? granted : transients.tryAllocate(length);
    return block == null ? null : decodeToTransient(load, stored, block);
  }

  private Frame decodeToFrame(BlockLoad load, MemorySegment stored, int length, Frame frame)
      throws IOException {
    try {
      load.file().decoder().decode(stored, load.offset(), frame.loadInto(length));
    } catch (IOException | RuntimeException | Error e) {
      frames.giveBack(frame);
      throw e;
    }
    int waiters = load.seal();
    if (waiters > 0 && !frame.isUsed()) {
      frame.touch();
    }
    // The loader's pin keeps the frame from the clock until it is in the table.
    table.insert(frame, load.file().fileId(), load.offset(), length, 1 + waiters);
    if (load.keep == BlockLoad.Keep.AHEAD) {
      frame.unpin();
    }
    return frame;
  }

  private TransientBlock decodeToTransient(
      BlockLoad load, MemorySegment stored, TransientBlock block) throws IOException {
    try {
      load.file().decoder().decode(stored, load.offset(), block.memory());
    } catch (IOException | RuntimeException | Error e) {
      block.unpin();
      throw e;
    }
    transientReads.increment();
    block.pin(load.seal());
    return block;
  }

  /// Fails those loads of a step that have not ended yet.
  private void failRest(List<BlockLoad> step, Throwable failure) {
    for (BlockLoad load : step) {
      fail(load, failure);
    }
  }

  private void fail(BlockLoad load, Throwable failure) {
    if (!load.isEnded()) {
      load.file().leaveTransfer();
      loads.fail(load, failure);
    }
  }
}
