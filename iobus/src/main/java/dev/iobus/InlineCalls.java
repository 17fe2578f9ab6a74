package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.Op;
import dev.iobus.events.BusEvents;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Calls of a [SharedBus] that the calling thread makes itself, where that is faster than the ring
/// and holds up nobody: a platform thread has nothing better to do than to wait, and a virtual one
/// may ask for what needs no wait. Thread-safe.
final class InlineCalls {

  /// A call that was not made, or has done nothing: the operation has to go through the ring.
  static final int NOT_DONE = -1;

  private final Backend backend;
  private final CallGate gate;
  private final FileUse files;
  private final String backendLabel;

  InlineCalls(Backend backend, CallGate gate, FileUse files, String backendLabel) {
    this.backend = backend;
    this.gate = gate;
    this.files = files;
    this.backendLabel = backendLabel;
  }

  /// Reads, unless that is not possible here. Not for virtual threads.
  ///
  /// @return the bytes read, or [#NOT_DONE]
  int read(BusFile file, MemorySegment memory, long offset, int length) {
    files.check(file);
    gate.enter();
    try {
      OpenFile open = files.retain(file);
      if (open == null) {
        return NOT_DONE;
      }
      try {
        Object event = BusEvents.beginIfRecorded();
        int count = backend.read(open.descriptor(), memory, length, offset);
        tellIfSlow(event, Op.READ, file, offset, count);
        return count;
      } finally {
        open.release();
      }
    } finally {
      gate.exit();
    }
  }

  /// Reads from the kernel's page cache what comes from there without waiting: that holds no carrier
  /// for longer than the copy takes. Within a call that has a slot; not for direct transfers.
  ///
  /// @return the bytes read, or [#NOT_DONE]
  int readCached(Slot slot, BusFile file, MemorySegment memory, long offset, int length) {
    OpenFile open = files.retain(file);
    if (open == null) {
      return NOT_DONE;
    }
    try {
      return backend.readCached(open.descriptor(), slot.vector, memory, length, offset);
    } finally {
      open.release();
    }
  }

  /// Writes where that is best here. Not for virtual threads: they never wait in a system call of
  /// their own, which would hold their carrier.
  ///
  /// @return the bytes written, or [#NOT_DONE]
  /// @throws BusException when a durable write has failed: it is not tried again in another way,
  ///     which might hide that
  int write(BusFile file, MemorySegment memory, long offset, int length, WriteFlag flag)
      throws BusException {
    files.check(file);
    if (file.isDirect() && flag == WriteFlag.NONE) {
      return NOT_DONE;
    }
    gate.enter();
    try {
      OpenFile open = files.retain(file);
      if (open == null) {
        return NOT_DONE;
      }
      try {
        return switch (flag) {
          case NONE -> {
            Object event = BusEvents.beginIfRecorded();
            int count = backend.writeBuffered(open.descriptor(), memory, length, offset);
            tellIfSlow(event, Op.WRITE, file, offset, count);
            yield count;
          }
          case DONT_CACHE, ATOMIC -> NOT_DONE;
          case DSYNC -> {
            Object event = BusEvents.beginIfRecorded();
            int count = backend.writeDurable(open.descriptor(), memory, length, offset);
            tellIfSlow(event, Op.WRITE, file, offset, count);
            if (count < 0 && !mustGoToTheRing(count)) {
              throw BusException.of(Op.WRITE.label(), file.path(), count, null);
            }
            yield Math.max(NOT_DONE, count);
          }
        };
      } finally {
        open.release();
      }
    } finally {
      gate.exit();
    }
  }

  /// Syncs, unless that is not possible here. Not for virtual threads.
  ///
  /// @return whether it was done
  /// @throws BusException when it has failed: it is not tried again in another way, which might hide
  ///     that
  boolean sync(Op op, BusFile file) throws BusException {
    files.check(file);
    int result;
    gate.enter();
    try {
      OpenFile open = files.retain(file);
      if (open == null) {
        return false;
      }
      try {
        Object event = BusEvents.beginIfRecorded();
        result = backend.sync(open.descriptor(), op == Op.FDATASYNC);
        tellIfSlow(event, op, file, 0, result);
      } finally {
        open.release();
      }
    } finally {
      gate.exit();
    }
    if (result < 0 && !mustGoToTheRing(result)) {
      throw BusException.of(op.label(), file.path(), result, null);
    }
    return result >= 0;
  }

  /// Whether a call was not made, or ended before it did anything.
  private static boolean mustGoToTheRing(int result) {
    return result == Backend.NOT_HERE || Retry.isAsked(result);
  }

  /// Of a call that has just ended; not of one that has done nothing, as the operation then goes
  /// through the ring.
  private void tellIfSlow(@Nullable Object event, Op op, BusFile file, long offset, int result) {
    if (event != null && result != NOT_DONE && result != Backend.NOT_HERE) {
      BusEvents.end(event);
      BusEvents.tell(event, backendLabel, op.label(), file.path(), offset, result);
    }
  }
}
