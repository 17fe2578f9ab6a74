package dev.iobus.sim;

import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.ProvidedBuffers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The buffers of one pool. Those that the kernel has are filled with junk, and looked at when it
/// fills them and when the pool ends: who has written to one after its release is found out.
///
/// Confined to the holder of the baton.
final class SimPool {

  private final ProvidedBuffers buffers;
  private final int bytes;
  private final boolean incremental;
  private final Junk junk;

  /// Which buffers the kernel has.
  private final boolean[] owned;

  /// The buffer that the next receive fills, if one was taken already, and how far it is filled.
  private int current = -1;
  private int filled;

  /// @param slab `count` buffers of `bytes` bytes one behind the other
  /// @param incremental whether one buffer takes what several receives bring
  SimPool(MemorySegment slab, int count, int bytes, boolean incremental, Junk junk) {
    this.bytes = bytes;
    this.incremental = incremental;
    this.junk = junk;
    buffers = new ProvidedBuffers(slab, count, bytes);
    owned = new boolean[count];
    Arrays.fill(owned, true);
    junk.fill(slab);
  }

  /// Chooses the buffer that is filled next. Returns false when none is free.
  boolean choose() {
    if (current < 0) {
      current = buffers.take();
      filled = 0;
    }
    return current >= 0;
  }

  /// How many bytes the chosen buffer takes.
  int room() {
    return bytes - filled;
  }

  /// Fills the chosen buffer, or a part of it, which is the caller's from then on.
  ///
  /// @param count 1 to [#room()]
  /// @return the flags of the completion
  int fill(byte[] source, int from, int count) {
    int buffer = current;
    check(buffer, filled);
    MemorySegment.copy(
        source, from, buffers.memory(buffer), ValueLayout.JAVA_BYTE, filled, count);
    filled += count;
    int flags = CompletionFlags.ofBuffer(buffer);
    if (incremental && filled < bytes) {
      return flags | CompletionFlags.BUFFER_MORE;
    }
    owned[buffer] = false;
    current = -1;
    return flags;
  }

  /// Takes a buffer back.
  void provide(int buffer) {
    junk.fill(buffers.memory(buffer));
    owned[buffer] = true;
    buffers.giveBack(buffer);
  }

  /// Looks at all that the kernel has.
  ///
  /// @throws AssertionError when somebody else has changed it
  void check() {
    for (int buffer = 0; buffer < owned.length; buffer++) {
      if (owned[buffer]) {
        check(buffer, buffer == current ? filled : 0);
      }
    }
  }

  private void check(int buffer, int from) {
    long changed = junk.firstChange(buffers.memory(buffer).asSlice(from));
    if (changed >= 0) {
      throw new AssertionError(
          "byte " + (from + changed) + " of buffer " + buffer
              + " of a pool was changed while the kernel owned it");
    }
  }
}
