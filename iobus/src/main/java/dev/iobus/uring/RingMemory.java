package dev.iobus.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Reads and writes in the mappings of a ring by address. Whoever calls vouches for the address, by
/// a mask that keeps it inside its queue: the one segment behind all has no bounds, so that the
/// compiler, for which it is a constant, drops every check of a segment, which took twice as long
/// as filling an entry.
///
/// Two checks of an address remain: that it is far enough from the end of all memory, and, where it
/// must be, that it is aligned. The compiler drops these, too, if it sees how an address is made. So
/// addresses are kept *shifted* to the left by two bits, which none of them uses (the longest have 57),
/// and shifted back at each access.
///
/// Memory order stands in the names, as the kernel is the other side.
final class RingMemory {

  /// All memory. With the handles of a struct, whose fields are checked together.
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private static final int SHIFT = 2;
  private static final int INT_SHIFT = 2;

  private RingMemory() {}

  /// What is kept of an address.
  static long shifted(long address) {
    return address << SHIFT;
  }

  /// The shift that makes the number of an entry its distance from the first, in shifted addresses.
  static int entryShift(long entryBytes) {
    return Long.numberOfTrailingZeros(entryBytes) + SHIFT;
  }

  /// The address, for handles that do not ask for alignment.
  static long address(long shifted) {
    return shifted >>> SHIFT;
  }

  private static long ofInt(long shifted) {
    return (shifted >>> (SHIFT + INT_SHIFT)) << INT_SHIFT;
  }

  static int getIntOpaque(long shifted) {
    return (int) INT.getOpaque(ALL, ofInt(shifted));
  }

  static int getIntAcquire(long shifted) {
    return (int) INT.getAcquire(ALL, ofInt(shifted));
  }

  static void putIntRelease(long shifted, int value) {
    INT.setRelease(ALL, ofInt(shifted), value);
  }
}
