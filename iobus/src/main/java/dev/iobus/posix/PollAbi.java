package dev.iobus.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/// `poll.h`, as far as it is used here. Immutable.
public final class PollAbi {

  /// `struct pollfd`.
  public static final StructLayout POLLFD =
      MemoryLayout.structLayout(
              JAVA_INT.withName("fd"), JAVA_SHORT.withName("events"), JAVA_SHORT.withName("revents"))
          .withName("pollfd");

  public static final short POLLIN = 1;
  public static final short POLLNVAL = 0x20;

  private static final VarHandle FD = POLLFD.varHandle(PathElement.groupElement("fd"));
  private static final VarHandle EVENTS = POLLFD.varHandle(PathElement.groupElement("events"));
  private static final VarHandle REVENTS = POLLFD.varHandle(PathElement.groupElement("revents"));

  private PollAbi() {}

  /// What to wait for on one descriptor.
  public static void set(MemorySegment pollfd, int fd, short events) {
    FD.set(pollfd, 0L, fd);
    EVENTS.set(pollfd, 0L, events);
  }

  /// What the descriptor was found to be.
  public static int revents(MemorySegment pollfd) {
    return (short) REVENTS.get(pollfd, 0L);
  }
}
