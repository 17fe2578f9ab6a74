package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.Libc;
import dev.iobus.uring.CompletionQueue;
import dev.iobus.uring.Ring;
import dev.iobus.uring.RingCounts;
import dev.iobus.uring.RingTables;
import dev.iobus.uring.SubmissionQueue;
import dev.iobus.uring.UringSetupException;
import dev.iobus.uring.UringSyscalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Linux io_uring: requests become submission queue entries, completion queue entries go to the
/// sink. Threads as in [Backend]; in the owned mode the thread that opens the backend owns it.
///
/// ```
/// prepare ─► InFlightTable ─► SubmissionQueue ─► kernel ─► CompletionQueue ─► sink
///                 └──────────── token = user_data ───────────────┘
/// ```
///
/// Invariants.
/// 1. A request stays in the in-flight table, and so reachable with its buffer, until it is
///    completed, but for a plain one, which its owner keeps reachable.
/// 2. A poll stands in the ring for [#wakeup()] ([WakeupPoll]).
public final class UringBackend implements PosixBackend {

  /// How long an opening ring waits for the locked memory of closed ones, and how often it looks.
  private static final long RELEASE_NANOS = 500_000_000;

  private static final long RELEASE_LOOK_NANOS = 5_000_000;

  /// Enough to keep any device busy; a larger capacity is submitted in several system calls.
  private static final int SQ_ENTRIES_MAX = 1024;

  /// Places in the completion queue for the poll behind [#wakeup()], which may fire repeatedly.
  private static final int CQ_RESERVE = 16;

  /// `user_data` of the deadlines of requests, whose completions tell nothing.
  static final long DEADLINE = WakeupPoll.TOKEN + 1;

  /// `user_data` that no entry has.
  static final long NOBODY = WakeupPoll.TOKEN + 2;

  private static final long PROBE_TIMEOUT_NANOS = 5_000_000_000L;

  /// What was closed with memory still owned by the kernel: reachable for ever, never freed.
  private static final ConcurrentLinkedQueue<UringBackend> ABANDONED =
      new ConcurrentLinkedQueue<>();

  // Constant after construction.
  private final boolean shared;
  private final Arena arena;
  private final Ring ring;
  private final RingTables tables;
  private final SubmissionQueue submissions;
  private final CompletionQueue completions;
  private final InFlightTable inFlight;
  private final WakeupEvent wakeup;
  private final WakeupPoll poll;
  private final UringSubmitter submitter;
  private final UringReaper reaper;

  // Owned by the owner; in the shared mode the submitter's.
  private final RequestEncoder encoder;

  // Owned by the owner; unused in the shared mode.
  private final UringPools pools;

  // Owned by the reaping thread.
  /// What another bus polls, once it was asked for.
  private @Nullable WakeupEvent notice;

  private boolean closed;

  private UringBackend(
      UringSyscalls syscalls, boolean shared, int capacity, int fileSlots, Arena arena)
      throws UringSetupException {
    this.shared = shared;
    this.arena = arena;
    inFlight = new InFlightTable(capacity);
    int sqEntries = powerOfTwoFrom(Math.min(capacity, SQ_ENTRIES_MAX));
    int cqEntries = completionPlaces(sqEntries, capacity);
    ring = Ring.open(syscalls, arena, !shared, sqEntries, cqEntries);
    submissions = ring.submissions();
    completions = ring.completions();
    wakeup = new WakeupEvent(arena);
    if (wakeup.descriptor() < 0) {
      ring.close();
      throw new UringSetupException(-wakeup.descriptor(), "eventfd");
    }
    tables = new RingTables(ring, fileSlots);
    FileEncoder files = new FileEncoder(arena, submissions, tables, ring.features(), capacity);
    pools = new UringPools(ring);
    SocketEncoder sockets =
        new SocketEncoder(arena, submissions, ring.features(), pools, capacity);
    encoder = new RequestEncoder(ring, inFlight, files, sockets);
    submitter = new UringSubmitter(ring, encoder);
    poll = new WakeupPoll(wakeup, submitter, submissions);
    reaper = new UringReaper(shared, ring, submitter, encoder, inFlight, pools, poll);
    poll.armIfWanted();
    int failure = probeWakeup();
    if (failure != 0) {
      close(false);
      throw new UringSetupException(
          failure == -Errno.EINVAL ? 0 : -failure, "the poll of an eventfd by io_uring");
    }
  }

  /// Opens a ring on this kernel.
  ///
  /// @param shared whether several threads use it, in the shared mode of [Backend]
  /// @param capacity requests between prepare and completion, 1 to 16,384
  /// @param files slots for registered files, 0 or more
  /// @param syscalls the system calls, asked for once the host may make any
  /// @throws UringUnavailableException when the host refuses, with the cause and whether another
  ///     backend may take its place
  public static UringBackend open(
      boolean shared, int capacity, int files, Supplier<UringSyscalls> syscalls)
      throws UringUnavailableException {
    UringRefusal.requireHost();
    return open(syscalls.get(), UringRefusal.ofThisProcess(), shared, capacity, files);
  }

  /// As above, with the system calls and the host's limits of a test.
  static UringBackend open(
      UringSyscalls syscalls, UringRefusal host, boolean shared, int capacity, int files)
      throws UringUnavailableException {
    long deadline = System.nanoTime() + RELEASE_NANOS;
    while (true) {
      Arena arena = Arena.ofShared();
      try {
        return new UringBackend(syscalls, shared, capacity, files, arena);
      } catch (UringSetupException e) {
        if (arena.scope().isAlive()) {
          arena.close();
        }
        // The kernel gives the locked memory of closed rings back in its own time.
        boolean mayPass = e.errno() == Errno.ENOMEM && host.limitsLockedMemory();
        if (!mayPass || System.nanoTime() - deadline >= 0) {
          throw host.explain(e);
        }
        LockSupport.parkNanos(RELEASE_LOOK_NANOS);
      }
    }
  }

  @Override
  public int capacity() {
    return inFlight.capacity();
  }

  @Override
  public int batchMax() {
    return submissions.entries();
  }

  @Override
  public String describe() {
    return "io_uring, "
        + (shared ? "shared ring" : "owned ring")
        + ", queues "
        + submissions.entries()
        + "/"
        + completions.entries()
        + ", "
        + ring.features().describe()
        + (poll.isMultishot() ? " MULTISHOT_POLL" : "");
  }

  @Override
  public List<String> fallbacks() {
    return UringFallbacks.of(
        ring.features(), tables, shared, poll.isMultishot(), shared || pools.areRings());
  }

  @Override
  public RingCounts counts() {
    return ring.counts();
  }

  @Override
  public void prepare(Request request) {
    if (!shared) {
      encoder.fill(request);
      return;
    }
    submitter.prepareLocked(request);
  }

  @Override
  public void preparePlain(Request request, Op op, long userData) {
    assert !shared;
    encoder.fillPlain(request, op, userData);
  }

  @Override
  public void prepareNop(Request request, long userData) {
    assert !shared;
    submissions.pushNop(userData);
  }

  @Override
  public int room() {
    return submissions.room();
  }

  @Override
  public int submit() {
    int answer = submitter.submit();
    poll.armIfWanted();
    return answer;
  }

  @Override
  public int await(int minimum, long timeoutNanos, CompletionSink sink) {
    return reaper.await(minimum, timeoutNanos, sink);
  }

  @Override
  public int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    return reaper.submitAndAwait(minimum, timeoutNanos, sink);
  }

  @Override
  public int submitAndAwait(
      int batch, long minWaitNanos, long timeoutNanos, CompletionSink sink) {
    return reaper.submitAndAwait(batch, minWaitNanos, timeoutNanos, sink);
  }

  @Override
  public int drain(CompletionSink sink) {
    return reaper.drain(sink);
  }

  @Override
  public void wakeup() {
    wakeup.signal();
  }

  @Override
  public int registerFile(int descriptor) {
    return tables.registerFile(descriptor);
  }

  @Override
  public int reserveFile() {
    return tables.reserveFile();
  }

  @Override
  public void unregisterFile(int slot) {
    tables.unregisterFile(slot);
  }

  @Override
  public int registerBuffer(MemorySegment memory) {
    return tables.registerBuffer(memory);
  }

  @Override
  public int cloneBuffer(Backend source, int index) {
    return tables.cloneBuffer(((UringBackend) source).tables, index);
  }

  @Override
  public boolean registersBuffers() {
    return tables.bufferRefusal() == 0;
  }

  @Override
  public void unregisterBuffer(int index) {
    tables.unregisterBuffer(index);
  }

  @Override
  public HugeMemory mapHuge(Arena arena, long bytes) {
    return HugeMemory.map(arena, bytes);
  }

  @Override
  public boolean repeats(Request request) {
    return switch (request.op) {
      case POLL -> poll.isMultishot();
      case ACCEPT -> ring.features().has(IORING_OP_SOCKET); // As old as multishot accept: 5.19.
      case RECV -> request.pool >= 0 && pools.areRings() && ring.features().has(IORING_OP_SEND_ZC);
      default -> false;
    };
  }

  @Override
  public void closeDescriptor(int descriptor) {
    try (Arena call = Arena.ofConfined()) {
      Libc.close(Libc.newErrnoCapture(call), descriptor);
    }
  }

  @Override
  public int openPool(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    return pools.open(slab, count, bufferBytes, incremental);
  }

  @Override
  public void provide(int pool, int buffer) {
    pools.giveBack(pool, buffer);
  }

  @Override
  public void closePool(int pool) {
    pools.close(pool);
  }

  @Override
  public int descriptor() {
    WakeupEvent event = notice;
    if (event == null) {
      event = new WakeupEvent(arena);
      if (event.descriptor() < 0) {
        return event.descriptor();
      }
      int answer = ring.registerEventfd(Libc.newErrnoCapture(arena), event.descriptor());
      if (answer < 0) {
        event.close();
        return answer;
      }
      event.signal(); // For what is there already.
      notice = event;
      reaper.clears(event);
    }
    return event.descriptor();
  }

  @Override
  public void notice() {
    WakeupEvent event = notice;
    if (event != null) {
      event.signal();
    }
  }

  @Override
  public void close(boolean abandon) {
    if (closed) {
      return;
    }
    int plain = shared ? 0 : encoder.plainFilled() - reaper.plainTaken();
    long left = inFlight.count() + plain;
    if (!abandon && left > 0) {
      throw new IllegalStateException(left + " requests in flight");
    }
    closed = true;
    reaper.stop();
    if (abandon) {
      ABANDONED.add(this);
      return;
    }
    wakeup.close();
    if (notice != null) {
      notice.close();
    }
    pools.closeAll();
    tables.close();
    ring.close();
    arena.close();
  }

  /// Wakes itself once, which shows the kind of poll that this kernel knows. Returns 0 or a refusal.
  private int probeWakeup() {
    wakeup();
    long start = System.nanoTime();
    int answer = await(1, PROBE_TIMEOUT_NANOS, UringBackend::unexpected);
    if (answer < 0) {
      return answer;
    }
    return System.nanoTime() - start < PROBE_TIMEOUT_NANOS ? 0 : -Errno.ETIME;
  }

  private static void unexpected(long userData, int result, int flags) {
    throw new AssertionError("completion of nothing: " + userData);
  }

  /// Half of the requests are operations, which may have deadlines with completions of their own.
  private static int completionPlaces(int sqEntries, int capacity) {
    return Math.max(sqEntries, capacity + capacity / 2) + CQ_RESERVE;
  }

  private static int powerOfTwoFrom(int n) {
    return Integer.highestOneBit(Math.max(1, n * 2 - 1));
  }
}
