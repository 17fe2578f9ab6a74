package dev.iobus.storage.page;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// A lease on one decoded block: its bytes stay where they are until [#close()]. Any thread may
/// read and close it; who keeps the segment beyond the close reads whatever lies there then, so
/// values are copied, or lent with an arena of their own.
public final class PinnedBlock implements AutoCloseable {

  private static final VarHandle MEMORY;

  static {
    try {
      MEMORY =
          MethodHandles.lookup().findVarHandle(PinnedBlock.class, "memory", BlockMemory.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// Null once closed.
  private volatile @Nullable BlockMemory memory;

  /// @param memory pinned once for this lease
  PinnedBlock(BlockMemory memory) {
    this.memory = memory;
  }

  /// The decoded bytes, read-only, valid until [#close()].
  ///
  /// @throws IllegalStateException after [#close()]
  public MemorySegment segment() {
    BlockMemory held = memory;
    if (held == null) {
      throw new IllegalStateException("the block is closed");
    }
    return held.bytes();
  }

  /// Bytes of the decoded block.
  ///
  /// @throws IllegalStateException after [#close()]
  public int length() {
    return (int) segment().byteSize();
  }

  /// Gives the pin back; the second call does nothing.
  @Override
  public void close() {
    BlockMemory held = (BlockMemory) MEMORY.getAndSet(this, null);
    if (held != null) {
      held.unpin();
    }
  }
}
