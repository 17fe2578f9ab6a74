package dev.iobus.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Reads and writes in the mappings of a ring by address. Whoever calls vouches for the address, by
/// a mask that keeps it inside its queue: the one segment behind all has no bounds, so that the
/// compiler, for which it is a constant, drops every check of a segment, which took twice as long
/// as filling an entry.
///
/// Memory order stands in the names, as the kernel is the other side.
final class RingMemory {

  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final VarHandle LONG = UringAbi.WORD.varHandle();

  private RingMemory() {}

  static long getLong(long address) {
    return (long) LONG.get(ALL, address);
  }

  static void putLong(long address, long value) {
    LONG.set(ALL, address, value);
  }

  static int getIntOpaque(long address) {
    return (int) INT.getOpaque(ALL, address);
  }

  static int getIntAcquire(long address) {
    return (int) INT.getAcquire(ALL, address);
  }

  static void putIntRelease(long address, int value) {
    INT.setRelease(ALL, address, value);
  }
}
