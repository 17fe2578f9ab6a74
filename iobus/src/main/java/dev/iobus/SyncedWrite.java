package dev.iobus;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Writes on a [SharedBus] that are tied to an fdatasync: one submission and one wait for both.
/// Thread-safe.
final class SyncedWrite {

  private final Scheduler scheduler;
  private final CallGate gate;
  private final SharedRings rings;
  private final FileUse files;
  private final SlotCalls calls;

  SyncedWrite(
      Scheduler scheduler,
      CallGate gate,
      SharedRings rings,
      FileUse files,
      SlotCalls calls) {
    this.scheduler = scheduler;
    this.gate = gate;
    this.rings = rings;
    this.files = files;
    this.calls = calls;
  }

  /// Tries both at once.
  ///
  /// @return false when one after the other is left: there was but one free slot, the write came
  ///     back short, or the kernel asks for it
  /// @throws BusException when the write or the sync has failed
  boolean tryBoth(BusFile file, MemorySegment from, long offset, int length) throws IOException {
    gate.enter();
    try {
      Slot write = rings.ofCaller().reaping.acquire();
      try {
        return tryBoth(write, file, from, offset, length);
      } finally {
        calls.release(write);
      }
    } finally {
      gate.exit();
    }
  }

  private boolean tryBoth(Slot write, BusFile file, MemorySegment from, long offset, int length)
      throws IOException {
    Slot sync = rings.of(write).slots.tryAcquire();
    if (sync == null) {
      return false;
    }
    try {
      return both(write, sync, file, from, offset, length);
    } finally {
      calls.release(sync);
    }
  }

  private boolean both(
      Slot write, Slot sync, BusFile file, MemorySegment from, long offset, int length)
      throws IOException {
    write.request.op = Op.WRITE;
    SlotCalls.fill(write.request, from, offset, length, WriteFlag.NONE);
    write.request.link = Link.CHAIN;
    sync.request.op = Op.FDATASYNC;
    sync.request.offset = 0;
    files.use(write, file);
    try {
      files.use(sync, file);
      try {
        Call call = write.single;
        call.begin(scheduler.currentTask());
        write.begin(call);
        sync.begin(call);
        Reaping reaping = rings.of(write).reaping;
        reaping.submit(write, sync);
        reaping.await(call, 2, write.index);
        calls.tellIfSlow(write, file.path());
        calls.tellIfSlow(sync, file.path());
      } finally {
        files.letGo(file);
      }
    } finally {
      files.letGo(file);
    }
    return areBoth(write, sync, file, length);
  }

  private static boolean areBoth(Slot write, Slot sync, BusFile file, int length)
      throws BusException {
    if (write.result != length) {
      if (write.result >= 0 || isLeft(write.result)) {
        return false;
      }
      throw BusException.of(Op.WRITE.label(), file.path(), write.result, null);
    }
    if (sync.result < 0 && !isLeft(sync.result)) {
      throw BusException.of(Op.FDATASYNC.label(), file.path(), sync.result, null);
    }
    return sync.result >= 0;
  }

  /// Whether a result says that nothing was done. The kernel also cancels what a thread submitted
  /// when that thread ends.
  private static boolean isLeft(int result) {
    return Retry.isAsked(result) || result == -Errno.ECANCELED;
  }
}
