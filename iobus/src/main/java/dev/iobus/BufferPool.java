package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Buffers from which the backend takes one when bytes have arrived, so that thousands of
/// connections that wait need no memory each. On io_uring a ring of provided buffers that the
/// kernel takes from itself (`io_uring_provided_buffers(7)`).
///
/// The memory belongs to the pool. A received buffer is the caller's until it is released. When
/// all are in use, receives fail with [NoBuffersException] and lose nothing.
///
/// Confined to the thread that owns the bus.
public final class BufferPool implements AutoCloseable {

  private final Bus bus;
  private final Backend backend;
  private final Arena arena;
  private final MemorySegment slab;
  private final int bufferBytes;
  private final int number;
  private final PoolBuffer[] buffers;
  /// What was received last into each, as receives of one length need no new view of the memory.
  private final MemorySegment[] received;

  /// For a pool whose buffers are filled piece by piece: where the next piece begins, how many
  /// pieces the caller has, and whether the backend is through with the buffer.
  private final int[] filled;
  private final int[] pieces;
  private final boolean[] through;
  private final boolean incremental;

  private int inUse;
  private int receives;
  /// Results that have brought a buffer which is neither the caller's nor given back.
  private int untaken;
  private boolean closed;

  BufferPool(
      Bus bus,
      Backend backend,
      Arena arena,
      MemorySegment slab,
      int count,
      int bufferBytes,
      boolean incremental,
      int number) {
    this.bus = bus;
    this.backend = backend;
    this.arena = arena;
    this.slab = slab;
    this.bufferBytes = bufferBytes;
    this.incremental = incremental;
    this.number = number;
    buffers = new PoolBuffer[count];
    received = new MemorySegment[count];
    for (int i = 0; i < count; i++) {
      buffers[i] = new PoolBuffer(this, i);
      received[i] = part(i, 0, bufferBytes);
    }
    filled = new int[incremental ? count : 0];
    pieces = new int[incremental ? count : 0];
    through = new boolean[incremental ? count : 0];
  }

  /// Buffers in the pool.
  public int size() {
    return buffers.length;
  }

  /// Bytes of one buffer.
  public int bufferBytes() {
    return bufferBytes;
  }

  /// Whether one buffer may take what several receives bring, one behind the other.
  public boolean isIncremental() {
    return incremental;
  }

  /// Buffers that the caller has: taken from a result and not released.
  public int inUse() {
    bus.checkOwner();
    return inUse;
  }

  /// Gives a buffer back for later receives.
  ///
  /// @throws IllegalStateException if it was released before
  public void release(PoolBuffer buffer) {
    bus.checkOwner();
    checkOpen();
    if (buffer.pool != this) {
      throw new IllegalArgumentException("the buffer belongs to another pool");
    }
    if (!buffer.isInUse()) {
      throw new IllegalStateException("the buffer was released before");
    }
    buffer.giveBack();
    inUse--;
    recycle(buffer.number);
  }

  /// Ends the pool and frees its memory.
  ///
  /// @throws IllegalStateException while receives from it are prepared or in flight, while results
  ///     of some are not dispatched or `done` was not called for them, or while the caller has
  ///     buffers of it
  @Override
  public void close() {
    bus.checkOwner();
    if (closed) {
      return;
    }
    if (receives > 0 || untaken > 0 || inUse > 0) {
      throw new IllegalStateException(
          "the pool has " + receives + " receives in flight, " + untaken
              + " results with a buffer that nobody took, and " + inUse
              + " buffers in use; await, end and release them first");
    }
    bus.forget(this);
    end(true);
  }

  /// @param drained whether no receive is in flight; otherwise the memory is left to the kernel
  void end(boolean drained) {
    closed = true;
    if (drained) {
      backend.closePool(number);
      arena.close();
    }
  }

  int number() {
    checkOpen();
    return number;
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the pool is closed");
    }
  }

  Bus bus() {
    return bus;
  }

  void retain() {
    receives++;
  }

  void letGo() {
    receives--;
  }

  /// Takes into account that a result has come with a buffer, which [#take] or [#recycle(Handle)]
  /// follows: until then its number is needed.
  void brought() {
    untaken++;
  }

  /// The buffer of a dispatched result becomes the caller's.
  PoolBuffer take(Handle handle) {
    int index = CompletionFlags.buffer(handle.flags);
    int length = handle.outcome;
    PoolBuffer buffer;
    if (incremental) {
      buffer = new PoolBuffer(this, index);
      buffer.take(part(index, handle.extras.bufferStart, length));
    } else {
      buffer = buffers[index];
      if (received[index].byteSize() != length) {
        received[index] = part(index, 0, length);
      }
      buffer.take(received[index]);
    }
    untaken--;
    inUse++;
    return buffer;
  }

  private MemorySegment part(int index, int start, int length) {
    return slab.asSlice((long) index * bufferBytes + start, length);
  }

  /// Gives the buffer of a dispatched result back that nobody took.
  void recycle(Handle handle) {
    untaken--;
    recycle(CompletionFlags.buffer(handle.flags));
  }

  /// By the dispatch of each result that used a buffer, in the order in which they were filled:
  /// counts one piece, and notes where it begins.
  void dispatched(Handle handle) {
    if (incremental) {
      int index = CompletionFlags.buffer(handle.flags);
      handle.extras.bufferStart = filled[index];
      filled[index] += Math.max(0, handle.outcome);
      pieces[index]++;
      through[index] = (handle.flags & CompletionFlags.BUFFER_MORE) == 0;
    }
  }

  private void recycle(int index) {
    if (incremental) {
      pieces[index]--;
      if (pieces[index] > 0 || !through[index]) {
        return;
      }
      filled[index] = 0;
      through[index] = false;
    }
    backend.provide(number, index);
  }
}
