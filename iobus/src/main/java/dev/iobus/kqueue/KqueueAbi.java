package dev.iobus.kqueue;

import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.iobus.posix.Host;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/// `sys/event.h` of 64-bit macOS (xnu), FreeBSD 12 and newer, and libkqueue. Immutable.
///
/// The structure of FreeBSD is twice as long as the others', with the same members at the same
/// places before its own `ext`; so only its size differs by platform. Of the constants used here
/// only the number of EVFILT_USER does. Timers are not used: their units differ, and the timeout of
/// kevent(2) does as well.
public final class KqueueAbi {

  public static final short EVFILT_READ = -1;
  public static final short EVFILT_WRITE = -2;
  public static final short EVFILT_USER_MACOS = -10;
  /// FreeBSD and libkqueue.
  public static final short EVFILT_USER_FREEBSD = -11;

  public static final short EV_ADD = 0x1;
  public static final short EV_DELETE = 0x2;
  public static final short EV_ONESHOT = 0x10;
  public static final short EV_CLEAR = 0x20;
  public static final short EV_EOF = (short) 0x8000;

  public static final int NOTE_TRIGGER = 0x0100_0000;

  /// `struct kevent` of macOS and libkqueue.
  public static final StructLayout KEVENT =
      structLayout(
          JAVA_LONG.withName("ident"),
          JAVA_SHORT.withName("filter"),
          JAVA_SHORT.withName("flags"),
          JAVA_INT.withName("fflags"),
          JAVA_LONG.withName("data"),
          JAVA_LONG.withName("udata"));

  /// `struct kevent` of FreeBSD 12 and newer.
  public static final StructLayout KEVENT_FREEBSD =
      structLayout(
          JAVA_LONG.withName("ident"),
          JAVA_SHORT.withName("filter"),
          JAVA_SHORT.withName("flags"),
          JAVA_INT.withName("fflags"),
          JAVA_LONG.withName("data"),
          JAVA_LONG.withName("udata"),
          paddingLayout(4 * 8).withName("ext"));

  /// `struct timespec`.
  public static final StructLayout TIMESPEC =
      structLayout(JAVA_LONG.withName("tv_sec"), JAVA_LONG.withName("tv_nsec"));

  private static final VarHandle IDENT = field("ident");
  private static final VarHandle FILTER = field("filter");
  private static final VarHandle FLAGS = field("flags");
  private static final VarHandle FFLAGS = field("fflags");
  private static final VarHandle DATA = field("data");
  private static final VarHandle UDATA = field("udata");
  private static final VarHandle TV_SEC =
      TIMESPEC.varHandle(PathElement.groupElement("tv_sec"));
  private static final VarHandle TV_NSEC =
      TIMESPEC.varHandle(PathElement.groupElement("tv_nsec"));

  static {
    assert KEVENT.byteSize() == 32;
    assert KEVENT_FREEBSD.byteSize() == 64;
  }

  private KqueueAbi() {}

  /// The layout that the calls of a host take.
  public static StructLayout kevent(Host host) {
    return host == Host.FREEBSD ? KEVENT_FREEBSD : KEVENT;
  }

  /// The number of EVFILT_USER on a host, libkqueue's on Linux.
  public static short evfiltUser(Host host) {
    return host == Host.MACOS ? EVFILT_USER_MACOS : EVFILT_USER_FREEBSD;
  }

  /// EV_SET(2) on the structure at byte `at`.
  static void set(
      MemorySegment events,
      long at,
      long ident,
      short filter,
      short flags,
      int fflags,
      long udata) {
    IDENT.set(events, at, ident);
    FILTER.set(events, at, filter);
    FLAGS.set(events, at, flags);
    FFLAGS.set(events, at, fflags);
    DATA.set(events, at, 0L);
    UDATA.set(events, at, udata);
  }

  static short filter(MemorySegment events, long at) {
    return (short) FILTER.get(events, at);
  }

  static short flags(MemorySegment events, long at) {
    return (short) FLAGS.get(events, at);
  }

  static int fflags(MemorySegment events, long at) {
    return (int) FFLAGS.get(events, at);
  }

  static long ident(MemorySegment events, long at) {
    return (long) IDENT.get(events, at);
  }

  static long udata(MemorySegment events, long at) {
    return (long) UDATA.get(events, at);
  }

  static void setTime(MemorySegment timespec, long nanos) {
    TV_SEC.set(timespec, 0L, nanos / 1_000_000_000);
    TV_NSEC.set(timespec, 0L, nanos % 1_000_000_000);
  }

  private static VarHandle field(String name) {
    return KEVENT.varHandle(PathElement.groupElement(name));
  }
}
