package dev.iobus.posix;

import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/// `struct timespec` of hosts with 64 bits, the same as `struct __kernel_timespec`.
public final class TimespecAbi {

  /// The whole structure.
  public static final StructLayout TIMESPEC =
      structLayout(JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"));

  private static final VarHandle TV_SEC = TIMESPEC.varHandle(PathElement.groupElement("tv_sec"));
  private static final VarHandle TV_NSEC = TIMESPEC.varHandle(PathElement.groupElement("tv_nsec"));
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private TimespecAbi() {}

  /// Fills in a span of time.
  ///
  /// @param nanos at least 0
  public static void set(MemorySegment time, long nanos) {
    TV_SEC.set(time, 0L, nanos / NANOS_PER_SECOND);
    TV_NSEC.set(time, 0L, nanos % NANOS_PER_SECOND);
  }
}
