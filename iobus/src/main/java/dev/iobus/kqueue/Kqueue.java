package dev.iobus.kqueue;

import static dev.iobus.kqueue.KqueueAbi.EVFILT_READ;
import static dev.iobus.kqueue.KqueueAbi.EVFILT_WRITE;
import static dev.iobus.kqueue.KqueueAbi.EV_ADD;
import static dev.iobus.kqueue.KqueueAbi.EV_CLEAR;
import static dev.iobus.kqueue.KqueueAbi.EV_DELETE;
import static dev.iobus.kqueue.KqueueAbi.EV_EOF;
import static dev.iobus.kqueue.KqueueAbi.EV_ONESHOT;
import static dev.iobus.kqueue.KqueueAbi.NOTE_TRIGGER;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Host;
import dev.iobus.posix.HostErrno;
import dev.iobus.posix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/// One queue of kernel events: descriptors that somebody waits for, and a wake-up that any thread
/// can trigger.
///
/// Threads. [#await] and the accessors of events are for one thread at a time; [#arm] and
/// [#disarm] for one thread at a time, also beside a wait; [#trigger] is for any thread, also after
/// [#close].
public final class Kqueue {

  /// What a descriptor is waited for to become.
  public enum Direction {
    READABLE(EVFILT_READ),
    WRITABLE(EVFILT_WRITE);

    private final short filter;

    Direction(short filter) {
      this.filter = filter;
    }
  }

  /// Events that one wait takes.
  private static final int EVENTS_MAX = 64;

  /// The longest wait that all systems take; kevent(2) answers EINVAL to much longer ones.
  private static final long WAIT_NANOS_MAX = 86_399L * 1_000_000_000;

  private static final short EVFILT_USER = KqueueAbi.evfiltUser(Host.current());
  private static final long KEVENT_BYTES = KqueueAbi.kevent(Host.current()).byteSize();

  // Constant after construction.
  private final Arena arena = Arena.ofShared();
  private final int descriptor;
  private final MemorySegment triggering;

  // Guarded by lock: the number of a closed descriptor may belong to another file.
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed;

  // Owned by the waiting thread.
  private final MemorySegment waitErrno;
  private final MemorySegment events;
  private final MemorySegment timeout;

  // Owned by whoever arms and disarms.
  private final MemorySegment armErrno;
  private final MemorySegment change;

  private Kqueue(int descriptor) {
    this.descriptor = descriptor;
    waitErrno = Libc.newErrnoCapture(arena);
    armErrno = Libc.newErrnoCapture(arena);
    events = arena.allocate(KEVENT_BYTES * EVENTS_MAX, Long.BYTES);
    change = arena.allocate(KEVENT_BYTES, Long.BYTES);
    timeout = arena.allocate(KqueueAbi.TIMESPEC);
    triggering = arena.allocate(KEVENT_BYTES, Long.BYTES);
    KqueueAbi.set(triggering, 0, 0, EVFILT_USER, (short) 0, NOTE_TRIGGER, 0);
  }

  /// A new queue.
  ///
  /// @throws KqueueException when there is none here, or the system refuses one
  public static Kqueue open() throws KqueueException {
    String refusal = KqueueCalls.refusal();
    if (refusal != null) {
      throw new KqueueException(0, refusal);
    }
    int descriptor;
    try (Arena call = Arena.ofConfined()) {
      descriptor = KqueueCalls.kqueue(Libc.newErrnoCapture(call));
    }
    if (descriptor < 0) {
      throw new KqueueException(-descriptor, failed("kqueue", descriptor));
    }
    Kqueue queue = new Kqueue(descriptor);
    int result = queue.apply(0, EVFILT_USER, (short) (EV_ADD | EV_CLEAR), 0);
    if (result < 0) {
      queue.close();
      throw new KqueueException(-result, failed("kevent with EVFILT_USER", result));
    }
    return queue;
  }

  private static String failed(String call, int result) {
    return call + " answered " + Errno.name(-result) + ": " + Errno.text(-result);
  }

  /// Where the calls come from, for people.
  public static String source() {
    return KqueueCalls.source();
  }

  /// Lets a wait tell once that a descriptor has become ready, now or later. A descriptor has one
  /// such registration for each direction.
  ///
  /// @param data comes with the event
  /// @return 0 or a negated error number
  public int arm(int fd, Direction direction, long data) {
    return apply(fd, direction.filter, (short) (EV_ADD | EV_ONESHOT), data);
  }

  /// Ends a registration, if it has not fired. To be called before the descriptor is closed.
  public void disarm(int fd, Direction direction) {
    apply(fd, direction.filter, EV_DELETE, 0);
  }

  private int apply(long ident, short filter, short flags, long udata) {
    KqueueAbi.set(change, 0, ident, filter, flags, 0, udata);
    return KqueueCalls.kevent(
        armErrno, descriptor, change, 1, MemorySegment.NULL, 0, MemorySegment.NULL);
  }

  /// Waits for events, at most `nanos` ([Long#MAX_VALUE]: for ever; less than 1: not at all).
  /// Returns how many there are, of which [#data] tells the first; 0 after the time, or before it
  /// where the system ends a wait early; or a negated error number, such as −EINTR.
  public int await(long nanos) {
    MemorySegment time = MemorySegment.NULL;
    if (nanos != Long.MAX_VALUE) {
      KqueueAbi.setTime(timeout, Math.clamp(nanos, 0, WAIT_NANOS_MAX));
      time = timeout;
    }
    return KqueueCalls.kevent(
        waitErrno, descriptor, MemorySegment.NULL, 0, events, EVENTS_MAX, time);
  }

  /// Whether an event is a wake-up, and of no descriptor.
  public boolean isWakeup(int event) {
    return KqueueAbi.filter(events, event * KEVENT_BYTES) == EVFILT_USER;
  }

  /// The descriptor that an event is about.
  public int fd(int event) {
    return (int) KqueueAbi.ident(events, event * KEVENT_BYTES);
  }

  /// What the descriptor has become.
  public Direction direction(int event) {
    boolean reads = KqueueAbi.filter(events, event * KEVENT_BYTES) == EVFILT_READ;
    return reads ? Direction.READABLE : Direction.WRITABLE;
  }

  /// What was given to [#arm].
  public long data(int event) {
    return KqueueAbi.udata(events, event * KEVENT_BYTES);
  }

  /// What has ended a socket that an event is about, a positive Linux error number; 0 for none.
  public int error(int event) {
    boolean isEnd = (KqueueAbi.flags(events, event * KEVENT_BYTES) & EV_EOF) != 0;
    return isEnd ? HostErrno.toLinux(KqueueAbi.fflags(events, event * KEVENT_BYTES)) : 0;
  }

  /// Ends the wait in progress, or the next one. From any thread.
  public void trigger() {
    lock.lock();
    try {
      if (!closed) {
        KqueueCalls.change(descriptor, triggering);
      }
    } finally {
      lock.unlock();
    }
  }

  /// Gives the queue back to the system. Nobody waits in it or will.
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      Libc.close(armErrno, descriptor);
      arena.close();
    } finally {
      lock.unlock();
    }
  }
}
