package dev.iobus;

import dev.iobus.backend.Request;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Prepares an operation again whose result was dispatched, where more hangs on it than one request
/// and one result: as it was prepared, but that it stands alone.
///
/// Confined to the bus thread.
final class Rearming {

  private Rearming() {}

  /// Makes the handle of a dispatched result what it was before it was enqueued. Changes nothing when
  /// it throws.
  ///
  /// @throws IllegalArgumentException for an operation that cannot be done again
  /// @throws IllegalStateException if its file or the arena of its memory is closed, its buffer no
  ///     longer registered, or its cancel in use
  static void prepare(Bus bus, HandleTable table, Handle handle) {
    Request request = handle.request;
    if (!isRepeatable(handle)) {
      throw new IllegalArgumentException(
          handle.operation() + " cannot be done again: prepare it anew; only nop, read, write, send and"
              + " recv, with one part of memory, need not be");
    }
    if (table.hasCancel(handle)) {
      throw new IllegalStateException(handle + " was cancelled, and its cancel is in use");
    }
    BusFile file = handle.file;
    if (file != null) {
      Checks.alive(request.buffer);
      bus.fileNumber(file);
    }
    RegisteredBuffer registered = handle.extras.buffer;
    if (registered != null) {
      registered.retain();
    }
    MemorySegment buffer = request.buffer;
    long bufferOffset = request.bufferOffset;
    int bufferIndex = request.bufferIndex;
    int length = request.length;
    long offset = request.offset;
    boolean dsync = request.dsync;
    boolean dontCache = request.dontCache;
    boolean atomic = request.atomic;
    long timeoutNanos = request.timeoutNanos;
    Object attachment = handle.attachment();
    ResultSink callback = handle.callback;
    handle.reset();
    table.prepare(handle, handle.op);
    handle.file = file;
    handle.extras.buffer = registered;
    handle.extras.holdsBuffer = registered != null;
    request.buffer = buffer;
    request.bufferOffset = bufferOffset;
    request.bufferIndex = bufferIndex;
    request.length = length;
    request.offset = offset;
    request.dsync = dsync;
    request.dontCache = dontCache;
    request.atomic = atomic;
    request.timeoutNanos = timeoutNanos;
    tag(handle, attachment, callback);
    if (registered != null || file instanceof RegisteredFile) {
      handle.bits |= Handle.HOLDS;
    }
    if (timeoutNanos == 0) {
      handle.bits |= Handle.PLAIN;
    }
  }

  private static void tag(
      Handle handle, @Nullable Object attachment, @Nullable ResultSink callback) {
    if (attachment != null) {
      handle.attach(attachment);
    }
    if (callback != null) {
      handle.callback(callback);
    }
  }

  private static boolean isRepeatable(Handle handle) {
    Request request = handle.request;
    boolean kind =
        switch (handle.op) {
          case NOP, READ, WRITE, SEND, RECV -> true;
          default -> false;
        };
    return kind
        && !handle.isFull()
        && !handle.repeats()
        && !request.zeroCopy
        && handle.extras.pool == null
        && request.vectors.isEmpty();
  }
}
