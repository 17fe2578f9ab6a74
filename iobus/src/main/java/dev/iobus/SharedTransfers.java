package dev.iobus;

import dev.iobus.backend.Op;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Reads and writes of the callers of a [SharedBus]: one, by the way that is the fastest for the
/// calling thread, or a whole one of any length, in parts that are in flight together. Thread-safe.
final class SharedTransfers {

  /// Parts that are in flight together.
  private static final int WINDOW = 8;

  private final SharedBus bus;
  private final Scheduler scheduler;
  private final Checks checks;
  private final InlineCalls inline;
  private final SlotCalls calls;
  private final BusCounts counts;

  SharedTransfers(
      SharedBus bus,
      Scheduler scheduler,
      Checks checks,
      InlineCalls inline,
      SlotCalls calls,
      BusCounts counts) {
    this.bus = bus;
    this.scheduler = scheduler;
    this.checks = checks;
    this.inline = inline;
    this.calls = calls;
    this.counts = counts;
  }

  /// One transfer of up to `length` bytes, at most [SharedBus#TRANSFER_MAX].
  ///
  /// @return the bytes transferred; fewer than asked where it came back short
  int one(
      Op op, BusFile file, MemorySegment memory, long offset, int length, WriteFlag flag)
      throws IOException {
    checks.memory(memory, op == Op.READ);
    Checks.range(offset, length);
    if (length == 0) {
      return 0;
    }
    boolean virtual = scheduler.currentTask().isVirtual();
    if (!virtual) {
      int count =
          op == Op.READ
              ? inline.read(file, memory, offset, length)
              : inline.write(file, memory, offset, length, flag);
      if (count >= 0) {
        return count;
      }
    }
    Slot slot = calls.begin(op);
    try {
      if (virtual && op == Op.READ && !file.isDirect()) {
        int count = inline.readCached(slot, file, memory, offset, length);
        if (count >= 0) {
          return count;
        }
      }
      SlotCalls.fill(slot.request, memory, offset, length, flag);
      return calls.transfer(slot, file);
    } finally {
      calls.end(slot);
    }
  }

  /// All of `memory`, of any length.
  ///
  /// @return the bytes transferred; less than asked only for a read at the end of the file
  long whole(
      Op op, BusFile file, MemorySegment memory, long offset, WriteFlag flag) throws IOException {
    long length = memory.byteSize();
    if (length <= SharedBus.TRANSFER_MAX) {
      int count = one(op, file, memory, offset, (int) length, flag);
      if (count == length || (count == 0 && op == Op.READ)) {
        return count;
      }
      counts.cameShort();
    }
    return inParts(op, file, memory, null, offset, flag);
  }

  /// What is large, or came back short.
  ///
  /// @param buffer whose memory it is; null for plain memory
  long inParts(
      Op op,
      BusFile file,
      MemorySegment memory,
      @Nullable RegisteredBuffer buffer,
      long offset,
      WriteFlag flag)
      throws IOException {
    long length = memory.byteSize();
    IoBatch batch = bus.newBatch(WINDOW);
    long done = 0;
    while (done < length) {
      batch.clear();
      long expected = 0;
      for (int i = 0; i < WINDOW && done + expected < length; i++) {
        int part = (int) Math.min(SharedBus.TRANSFER_MAX, length - done - expected);
        MemorySegment slice = memory.asSlice(done + expected, part);
        batch.add(op, file, slice, buffer, offset + done + expected, flag);
        expected += part;
      }
      batch.await();
      for (int i = 0; i < batch.size(); i++) {
        int count = batch.result(i);
        done += count;
        if (count < batch.length(i)) {
          return done; // The end of the file; a short write is an exception instead.
        }
      }
    }
    return done;
  }
}
