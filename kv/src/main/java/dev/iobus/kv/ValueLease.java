package dev.iobus.kv;

import dev.iobus.kv.memtable.Memtable;
import dev.iobus.storage.page.PinnedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A value where it lies, without a copy; the memory stays until [#close()]. Confined to the thread
/// that looked it up.
///
/// A lease may outlive its store: the memory is freed with the last one. Where this library has no
/// native access the value is a copy all the same.
public final class ValueLease implements AutoCloseable {

  private static final boolean CAN_REBIND = ValueLease.class.getModule().isNativeAccessEnabled();

  private final Arena arena = Arena.ofConfined();
  private final Leases leases;
  private final MemorySegment segment;

  // What keeps the memory; at most one of them.
  private @Nullable PinnedBlock block;
  private @Nullable Memtable memtable;
  private boolean closed;

  private ValueLease(
      Leases leases,
      MemorySegment value,
      @Nullable PinnedBlock block,
      @Nullable Memtable memtable) {
    this.leases = leases;
    this.block = block;
    this.memtable = memtable;
    this.segment = bind(value).asReadOnly();
  }

  /// Takes over the pin of the block that holds the value.
  static ValueLease of(Leases leases, MemorySegment value, PinnedBlock block) {
    return new ValueLease(leases, value, block, null);
  }

  /// Takes over a hold of the memtable that holds the value.
  static ValueLease of(Leases leases, MemorySegment value, Memtable memtable) {
    return new ValueLease(leases, value, null, memtable);
  }

  /// The same memory under an arena of its own, so that access after the close is an exception.
  private MemorySegment bind(MemorySegment value) {
    if (CAN_REBIND) {
      return value.reinterpret(arena, null);
    }
    MemorySegment copy = arena.allocate(Math.max(1, value.byteSize())).asSlice(0, value.byteSize());
    return copy.copyFrom(value);
  }

  /// The value, read-only. Access after [#close()] is an [IllegalStateException].
  public MemorySegment segment() {
    if (closed) {
      throw new IllegalStateException("value lease is closed");
    }
    return segment;
  }

  /// Gives the memory back; the second call does nothing.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    // First, and it may refuse: on a wrong thread, or while the segment is used by a call.
    arena.close();
    closed = true;
    if (block != null) {
      block.close();
      block = null;
    }
    if (memtable != null) {
      memtable.release();
      memtable = null;
    }
    leases.closed();
  }
}
