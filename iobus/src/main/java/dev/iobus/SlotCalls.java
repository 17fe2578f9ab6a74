package dev.iobus;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.events.BusEvents;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Calls of a [SharedBus] that are one operation of a ring: begin, fill in the request, finish,
/// end. Thread-safe.
final class SlotCalls {

  private final Scheduler scheduler;
  private final CallGate gate;
  private final SharedRings rings;
  private final FileUse files;
  private final BackendKind backend;

  SlotCalls(
      Scheduler scheduler,
      CallGate gate,
      SharedRings rings,
      FileUse files,
      BackendKind backend) {
    this.scheduler = scheduler;
    this.gate = gate;
    this.rings = rings;
    this.files = files;
    this.backend = backend;
  }

  /// Enters the bus and takes a slot, perhaps after a wait; [#end] gives it back.
  ///
  /// @throws IOException when the bus has failed
  /// @throws IllegalStateException when it is closed
  Slot begin(Op op) throws IOException {
    gate.enter();
    try {
      Slot slot = rings.ofCaller().reaping.acquire();
      slot.request.op = op;
      return slot;
    } catch (Throwable t) {
      gate.exit();
      throw t;
    }
  }

  /// Submits and waits; again when the kernel asks for it.
  ///
  /// @return the operation's result, 0 or more
  /// @throws BusException when it has failed
  int finish(Slot slot, String path) throws IOException {
    Scheduler.Task task = scheduler.currentTask();
    Reaping reaping = rings.of(slot).reaping;
    int retries = 0;
    do {
      Retry.pause(scheduler, retries);
      slot.begin(slot.single);
      slot.single.begin(task);
      reaping.submit(slot);
      reaping.await(slot.single, 1, slot.index);
    } while (Retry.isAsked(slot.result) && retries++ < Retry.MAX && !gate.isClosed());
    tellIfSlow(slot, path);
    if (slot.result < 0) {
      Request request = slot.request;
      throw BusException.of(request.op.label(), path, slot.result, request, backend);
    }
    return slot.result;
  }

  /// Gives the slot back and leaves the bus.
  void end(Slot slot) {
    try {
      release(slot);
    } finally {
      gate.exit();
    }
  }

  /// Gives a slot back.
  void release(Slot slot) {
    // Still pending only when the bus has failed: the kernel may yet write, so nothing is reused.
    if (slot.pending) {
      rings.failure().tellIfUntold();
    } else {
      rings.of(slot).reaping.release(slot);
    }
  }

  int onPaths(Op op, Path path, @Nullable Path target, int bits) throws IOException {
    Objects.requireNonNull(path, "path");
    Checks.path(path);
    if (target != null) {
      Checks.path(target);
    }
    Slot slot = begin(op);
    try {
      slot.request.path = path;
      slot.request.target = target;
      slot.request.openBits = bits;
      return finish(slot, path.toString());
    } finally {
      end(slot);
    }
  }

  void onFile(Op op, BusFile file, long offset) throws IOException {
    Slot slot = begin(op);
    try {
      slot.request.offset = offset;
      files.use(slot, file);
      try {
        finish(slot, file.path());
      } finally {
        files.letGo(file);
      }
    } finally {
      end(slot);
    }
  }

  /// Reads or writes on a slot that the caller has begun and filled, and ends.
  int transfer(Slot slot, BusFile file) throws IOException {
    files.use(slot, file);
    try {
      return finish(slot, file.path());
    } finally {
      files.letGo(file);
    }
  }

  static void fill(
      Request request, MemorySegment memory, long offset, int length, WriteFlag flag) {
    request.buffer = memory;
    request.bufferIndex = -1;
    request.offset = offset;
    request.length = length;
    flag.set(request);
  }

  /// After the result of a slot was taken, with its request as it was.
  void tellIfSlow(Slot slot, String path) {
    Object event = slot.event;
    if (event != null) {
      slot.event = null;
      Request request = slot.request;
      String label = request.op.label();
      BusEvents.tell(event, backend.label(), label, path, request.offset, slot.result);
    }
  }
}
