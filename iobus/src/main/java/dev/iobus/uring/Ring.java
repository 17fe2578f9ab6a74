package dev.iobus.uring;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import dev.iobus.posix.PollAbi;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// One io_uring: its descriptor, its mappings and its two queues.
///
/// A ring for one owner is used by the thread that opened it alone: SINGLE_ISSUER makes the
/// kernel answer EEXIST to any other. On a shared ring one thread submits while another waits;
/// each side has its own memory for `errno` and arguments.
public final class Ring {

  private static final int RING_ACCESS = Libc.PROT_READ | Libc.PROT_WRITE;
  private static final int RING_MAPPING = Libc.MAP_SHARED | Libc.MAP_POPULATE;

  private static final VarHandle ARG_TS = field(GETEVENTS_ARG, "ts");
  private static final VarHandle ARG_MIN_WAIT = field(GETEVENTS_ARG, "min_wait_usec");
  private static final VarHandle TV_SEC = field(TIMESPEC, "tv_sec");
  private static final VarHandle TV_NSEC = field(TIMESPEC, "tv_nsec");
  private static final VarHandle UPDATE_OFFSET = field(RSRC_UPDATE, "offset");
  private static final VarHandle UPDATE_DATA = field(RSRC_UPDATE, "data");
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MICRO = 1_000;
  /// As long as any bus lives; the kernel gives up a batch only where there is a limit behind it.
  private static final long FOREVER_NANOS = 10_000L * 86_400 * NANOS_PER_SECOND;

  // Constant after construction.
  private final UringSyscalls syscalls;
  private final int fd;
  private final int enterFd;
  private final int enterFlags;
  private final UringFeatures features;
  private final MemorySegment rings;
  private final MemorySegment sqes;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final RingCounts counts;
  private final MemorySegment registeredRing;

  // Owned by the submitting thread.
  private final MemorySegment submitErrno;

  // Owned by the reaping thread.
  private final MemorySegment waitErrno;
  private final MemorySegment waitArgument;
  private final MemorySegment waitTime;
  private final MemorySegment waitPoll;

  private Ring(
      UringSyscalls syscalls, Arena arena, boolean singleOwner, int sqEntries, int cqEntries)
      throws UringSetupException {
    this.syscalls = syscalls;
    submitErrno = Libc.newErrnoCapture(arena);
    waitErrno = Libc.newErrnoCapture(arena);
    waitArgument = arena.allocate(GETEVENTS_ARG);
    waitTime = arena.allocate(TIMESPEC);
    waitPoll = arena.allocate(PollAbi.POLLFD);
    registeredRing = arena.allocate(RSRC_UPDATE);
    MemorySegment params = arena.allocate(PARAMS);
    fd = UringFeatures.setup(syscalls, submitErrno, singleOwner, sqEntries, cqEntries, params);
    MemorySegment mapped = MemorySegment.NULL;
    try {
      UringFeatures.requireFeatures(params);
      boolean array = (UringFeatures.flags(params) & IORING_SETUP_NO_SQARRAY) == 0;
      var operations = UringFeatures.operations(syscalls, submitErrno, fd);
      int sqSize = UringFeatures.sqEntries(params);
      int cqSize = UringFeatures.cqEntries(params);
      mapped = map(ringsSize(params, sqSize, cqSize, array), IORING_OFF_SQ_RING);
      rings = mapped;
      sqes = map(sqSize * SQE.byteSize(), IORING_OFF_SQES);
      submissions = new SubmissionQueue(rings, sqes, params, sqSize, array);
      completions = new CompletionQueue(rings, params, cqSize);
      counts = new RingCounts(syscalls, completions);
      boolean registered = singleOwner && registerRing();
      enterFd = registered ? (int) UPDATE_OFFSET.get(registeredRing, 0L) : fd;
      enterFlags = registered ? IORING_ENTER_REGISTERED_RING : 0;
      int bits = UringFeatures.featureBits(params);
      boolean clones = !singleOwner && BufferClones.areKnown(syscalls, submitErrno, fd);
      features =
          new UringFeatures(UringFeatures.flags(params), bits, operations, registered, clones);
    } catch (UringSetupException e) {
      unmap(mapped);
      Libc.close(submitErrno, fd);
      throw e;
    }
  }

  /// Sets up and maps a ring.
  ///
  /// @param arena lives at least as long as the ring
  /// @param singleOwner whether the calling thread alone will use the ring
  /// @param sqEntries a power of two; the kernel may clamp it to its maximum
  /// @param cqEntries at least `sqEntries`; the kernel rounds it up to a power of two
  /// @throws UringSetupException when the kernel refuses or lacks something needed
  public static Ring open(
      UringSyscalls syscalls, Arena arena, boolean singleOwner, int sqEntries, int cqEntries)
      throws UringSetupException {
    return new Ring(syscalls, arena, singleOwner, sqEntries, cqEntries);
  }

  public UringFeatures features() {
    return features;
  }

  /// Has the kernel signal an eventfd whenever a completion is there or waits to be brought in.
  /// The ring's own descriptor would not do: with DEFER_TASKRUN a poll of it is not woken for what
  /// only the owner can bring in. Returns 0 or a negated error number.
  ///
  /// @param errno memory that no other thread uses meanwhile
  public int registerEventfd(MemorySegment errno, int eventfd) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment number = call.allocateFrom(ValueLayout.JAVA_INT, eventfd);
      return register(errno, IORING_REGISTER_EVENTFD, number, 1);
    }
  }

  public SubmissionQueue submissions() {
    return submissions;
  }

  public CompletionQueue completions() {
    return completions;
  }

  public RingCounts counts() {
    return counts;
  }

  /// Whether results wait outside the queue, where only entering the kernel brings them in:
  /// overflowed ones, or completion work deferred to the owner.
  public boolean needsFlush() {
    return (submissions.flagsOpaque() & (IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN)) != 0;
  }

  /// Submits without waiting. Returns the number of entries taken, or a negated error number.
  public int submit(int toSubmit) {
    return counts
        .submitting()
        .count(
            syscalls.io_uring_enter(
                submitErrno, enterFd, toSubmit, 0, enterFlags, MemorySegment.NULL, 0L));
  }

  /// Submits without waiting, and lets the kernel do its completion work on the way.
  public int submitAndFlush(int toSubmit) {
    int flags = enterFlags | IORING_ENTER_GETEVENTS;
    return counts
        .submitting()
        .count(
            syscalls.io_uring_enter(
                submitErrno, enterFd, toSubmit, 0, flags, MemorySegment.NULL, 0L));
  }

  /// Brings results into the queue that are ready outside it.
  public int flush() {
    if ((submissions.flagsOpaque() & IORING_SQ_CQ_OVERFLOW) != 0) {
      counts.overflowed();
    }
    return waitingEnter(0, 0, enterFlags | IORING_ENTER_GETEVENTS, MemorySegment.NULL);
  }

  /// Submits, then waits until the queue holds a result or the time is over (`-ETIME`).
  ///
  /// @param timeoutNanos at least 0; [Long#MAX_VALUE] for no limit
  public int submitAndWait(int toSubmit, long timeoutNanos) {
    if (timeoutNanos == Long.MAX_VALUE) {
      int flags = enterFlags | IORING_ENTER_GETEVENTS;
      return waitingEnter(toSubmit, 1, flags, MemorySegment.NULL);
    }
    return waitWithTimeout(toSubmit, 1, timeoutNanos);
  }

  /// Submits, then waits until the queue holds `batch` results, or `minWaitNanos` have passed and it
  /// holds one, or the time is over (`-ETIME`): `io_uring_submit_and_wait_min_timeout(3)`. Before
  /// 6.12 it returns after `minWaitNanos` at the latest.
  ///
  /// @param minWaitNanos above 0 and at most `timeoutNanos`
  /// @param timeoutNanos [Long#MAX_VALUE] for no limit
  public int submitAndWait(int toSubmit, int batch, long minWaitNanos, long timeoutNanos) {
    if (!features.waitsForBatches()) {
      return waitWithTimeout(toSubmit, batch, minWaitNanos);
    }
    long micros = (minWaitNanos - 1) / NANOS_PER_MICRO + 1;
    ARG_MIN_WAIT.set(waitArgument, 0L, (int) Math.min(micros, Integer.MAX_VALUE));
    int answer = waitWithTimeout(toSubmit, batch, Math.min(timeoutNanos, FOREVER_NANOS));
    ARG_MIN_WAIT.set(waitArgument, 0L, 0);
    return answer;
  }

  private int waitWithTimeout(int toSubmit, int results, long timeoutNanos) {
    TV_SEC.set(waitTime, 0L, timeoutNanos / NANOS_PER_SECOND);
    TV_NSEC.set(waitTime, 0L, timeoutNanos % NANOS_PER_SECOND);
    if (!features.waitsWithTimeout()) {
      return submitThenPoll(toSubmit);
    }
    ARG_TS.set(waitArgument, 0L, waitTime.address());
    int flags = enterFlags | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
    return waitingEnter(toSubmit, results, flags, waitArgument);
  }

  private int waitingEnter(int toSubmit, int minimum, int flags, MemorySegment argument) {
    return counts
        .waiting()
        .count(
            syscalls.io_uring_enter(
                waitErrno, enterFd, toSubmit, minimum, flags, argument, argument.byteSize()));
  }

  /// As [#submitAndWait] with the time in `waitTime`, in two calls: a ring's descriptor is readable
  /// while its queue holds a result. A TIMEOUT entry would need the submission side, which another
  /// thread may be in the middle of, and a place for its own result.
  private int submitThenPoll(int toSubmit) {
    int taken = 0;
    if (toSubmit > 0) {
      taken = waitingEnter(toSubmit, 0, enterFlags, MemorySegment.NULL);
      if (taken < toSubmit) {
        return taken;
      }
    }
    PollAbi.set(waitPoll, fd, PollAbi.POLLIN);
    int readable = Libc.ppoll(waitErrno, waitPoll, 1, waitTime);
    return readable > 0 ? taken : readable == 0 ? -Errno.ETIME : readable;
  }

  int descriptor() {
    return fd;
  }

  /// io_uring_register(2) on this ring.
  ///
  /// @param errno memory that no other thread uses meanwhile
  int register(MemorySegment errno, int opcode, MemorySegment argument, int count) {
    return syscalls.io_uring_register(errno, fd, opcode, argument, count);
  }

  /// Unmaps the queues and closes the descriptor. No request may be in flight that writes to
  /// memory of the caller: the kernel finishes a closed ring in its own time.
  public void close() {
    if (features.registeredRing()) {
      register(submitErrno, IORING_UNREGISTER_RING_FDS, registeredRing, 1);
    }
    unmap(sqes);
    unmap(rings);
    Libc.close(submitErrno, fd);
  }

  /// Spares the kernel the look-up of the descriptor at each enter; per thread, since 5.18.
  private boolean registerRing() {
    UPDATE_OFFSET.set(registeredRing, 0L, -1);
    UPDATE_DATA.set(registeredRing, 0L, (long) fd);
    return register(submitErrno, IORING_REGISTER_RING_FDS, registeredRing, 1) == 1;
  }

  private MemorySegment map(long size, long offset) throws UringSetupException {
    long address = Libc.mmap(submitErrno, size, RING_ACCESS, RING_MAPPING, fd, offset);
    if (address < 0 && address > -4096) {
      throw new UringSetupException((int) -address, "mmap of the ring");
    }
    return MemorySegment.ofAddress(address).reinterpret(size);
  }

  private void unmap(MemorySegment mapping) {
    if (mapping.byteSize() > 0) {
      Libc.munmap(submitErrno, mapping.address(), mapping.byteSize());
    }
  }

  /// Both queues lie in one mapping since 5.4; the larger end counts.
  private static long ringsSize(MemorySegment params, int sqSize, int cqSize, boolean array) {
    long cqEnd = (int) field(PARAMS, "cq_off", "cqes").get(params, 0L) + cqSize * CQE.byteSize();
    long sqEnd = array ? (int) field(PARAMS, "sq_off", "array").get(params, 0L) + sqSize * 4L : 0;
    return Math.max(sqEnd, cqEnd);
  }
}
