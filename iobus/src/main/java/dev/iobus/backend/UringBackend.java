package dev.iobus.backend;

import static dev.iobus.uring.UringAbi.*;

import dev.iobus.posix.Errno;
import dev.iobus.posix.FcntlAbi;
import dev.iobus.posix.IovecAbi;
import dev.iobus.posix.Libc;
import dev.iobus.posix.SocketCalls;
import dev.iobus.uring.CompletionQueue;
import dev.iobus.uring.Ring;
import dev.iobus.uring.RingCounts;
import dev.iobus.uring.RingTables;
import dev.iobus.uring.SubmissionQueue;
import dev.iobus.uring.UringSetupException;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
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
/// 2. An entry of the completion queue is copied out before the sink is called, and its place given
///    back at the end of the batch, or in the shared mode, where whoever is told of it may submit at
///    once, before the call. What a sink that throws did not see is passed on by the next call.
/// 3. A poll of an eventfd stands in the ring for [#wakeup()]: a multishot one, or before Linux 5.13
///    one that is armed again each time. The kernel cancels it when the thread that submitted it
///    ends, so whoever reaps that arms it anew.
/// 4. After a refused submission the kernel's own head says what is left: nothing is lost, nothing
///    is submitted twice.
public final class UringBackend implements Backend {

  /// How long an opening ring waits for the locked memory of closed ones, and how often it looks.
  private static final long RELEASE_NANOS = 500_000_000;

  private static final long RELEASE_LOOK_NANOS = 5_000_000;

  /// Enough to keep any device busy; a larger capacity is submitted in several system calls.
  private static final int SQ_ENTRIES_MAX = 1024;

  /// Places in the completion queue for the poll behind [#wakeup()], which may fire repeatedly.
  private static final int CQ_RESERVE = 16;

  /// `user_data` of the poll behind [#wakeup()]; the lower half of a request's is not negative.
  private static final long WAKE = -1;

  /// `user_data` of the deadlines of requests, whose completions tell nothing.
  static final long DEADLINE = -2;

  private static final int REFUSALS_AT_ONCE = 16;

  /// Slept in the kernel: a virtual thread that parked would hold the submit lock or the reaper's
  /// role until it gets a carrier, which those may keep who wait for it.
  private static final long REFUSAL_PAUSE_NANOS = 50_000;

  private static final long REFUSAL_LIMIT_NANOS = 10_000_000_000L;
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

  // Guarded by submitLock in the shared mode, owned by the owner otherwise.
  private final ReentrantLock submitLock = new ReentrantLock();
  private final RequestEncoder encoder;

  // Owned by the owner; unused in the shared mode.
  private final UringPools pools;

  // Owned by the reaping thread.
  private boolean woken;

  /// What another bus polls, once it was asked for.
  private @Nullable WakeupEvent notice;

  /// The negated error number that ended the poll for good; the next wait reports it.
  private volatile int wakeFailure;

  /// Whether one poll reports every wake-up, until the kernel has refused it.
  private volatile boolean multishotPoll = true;

  /// Set by the reaper when the poll has ended; served by whoever gets [#submitLock].
  private volatile boolean pollWanted;

  private boolean closed;

  private UringBackend(
      UringSyscalls syscalls, boolean shared, int capacity, int fileSlots, Arena arena)
      throws UringSetupException {
    this.shared = shared;
    this.arena = arena;
    inFlight = new InFlightTable(capacity);
    int sqEntries = powerOfTwoFrom(Math.min(capacity, SQ_ENTRIES_MAX));
    ring =
        Ring.open(
            syscalls, arena, !shared, sqEntries, completionPlaces(sqEntries, capacity));
    submissions = ring.submissions();
    completions = ring.completions();
    wakeup = new WakeupEvent(arena);
    if (wakeup.descriptor() < 0) {
      ring.close();
      throw new UringSetupException(-wakeup.descriptor(), "eventfd");
    }
    tables = new RingTables(ring, fileSlots);
    FileEncoder files =
        new FileEncoder(arena, submissions, tables, ring.features(), capacity);
    pools = new UringPools(ring);
    SocketEncoder sockets =
        new SocketEncoder(arena, submissions, ring.features(), pools, capacity);
    encoder = new RequestEncoder(submissions, inFlight, files, sockets);
    pollWanted = true;
    armPoll();
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
    requireHost();
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
        + (multishotPoll ? " MULTISHOT_POLL" : "");
  }

  @Override
  public List<String> fallbacks() {
    return UringFallbacks.of(
        ring.features(), tables, shared, multishotPoll, shared || pools.areRings());
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
    submitLock.lock();
    try {
      encoder.fill(request);
    } finally {
      submitLock.unlock();
    }
  }

  @Override
  public void preparePlain(Request request, Op op, long userData) {
    if (shared || !encoder.fillPlain(request, op, userData)) {
      Backend.super.preparePlain(request, op, userData);
    }
  }

  @Override
  public int room() {
    return submissions.room();
  }

  @Override
  public boolean hasRoom() {
    return submissions.hasRoom();
  }

  @Override
  public int submit() {
    int answer;
    submitLock.lock();
    try {
      answer = submitAll();
    } finally {
      submitLock.unlock();
    }
    if (pollWanted) {
      armPoll();
    }
    return answer;
  }

  @Override
  public int await(int minimum, long timeoutNanos, CompletionSink sink) {
    return waitFor(minimum, timeoutNanos, sink, 0);
  }

  @Override
  public int submitAndAwait(int minimum, long timeoutNanos, CompletionSink sink) {
    assert !shared;
    encoder.endRun();
    submissions.publishTail();
    int toSubmit = submissions.unconsumed();
    boolean ready = minimum <= 0 || timeoutNanos <= 0 || woken;
    if (ready || toSubmit == 0) {
      int answer = submit();
      return answer < 0 ? answer : waitFor(minimum, timeoutNanos, sink, 0);
    }
    boolean timed = timeoutNanos != Long.MAX_VALUE;
    long start = timed ? System.nanoTime() : 0;
    int answer = ring.submitAndWait(toSubmit, timeoutNanos);
    if (answer != toSubmit && submissions.unconsumed() > 0) {
      if (answer > 0 && submissions.splitsRun()) {
        return -Errno.EAGAIN;
      }
      int rest = submit();
      if (rest < 0) {
        return rest;
      }
    } else if (!isTransient(answer)) {
      return answer;
    }
    if (pollWanted) {
      armPoll();
    }
    int passed = passOn(sink);
    if (passed >= minimum) {
      woken = false;
      return passed;
    }
    long left =
        timed
            ? Math.max(0, timeoutNanos - (System.nanoTime() - start))
            : Long.MAX_VALUE;
    return waitFor(minimum, left, sink, passed);
  }

  /// One system call, which wakes the thread once for the batch.
  @Override
  public int submitAndAwait(
      int batch, long minWaitNanos, long timeoutNanos, CompletionSink sink) {
    assert !shared;
    encoder.endRun();
    submissions.publishTail();
    if (woken) {
      return submitAndAwait(0, 0, sink);
    }
    int answer =
        ring.submitAndWait(submissions.unconsumed(), batch, minWaitNanos, timeoutNanos);
    if (submissions.unconsumed() > 0) {
      if (answer > 0 && submissions.splitsRun()) {
        return -Errno.EAGAIN;
      }
      int rest = submit();
      if (rest < 0) {
        return rest;
      }
    } else if (!isTransient(answer)) {
      return answer;
    }
    if (pollWanted) {
      armPoll();
    }
    int passed = passOn(sink);
    woken = false;
    return passed == 0 && wakeFailure != 0 ? wakeFailure : passed;
  }

  @Override
  public int drain(CompletionSink sink) {
    return passOn(sink);
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
      case POLL -> multishotPoll;
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
  public @Nullable SocketAddress localAddress(int descriptor) {
    return SocketCalls.getsockname(descriptor);
  }

  @Override
  public @Nullable SocketAddress peerAddress(int descriptor) {
    return SocketCalls.getpeername(descriptor);
  }

  @Override
  public int setOption(int descriptor, SocketOption<?> option, int value) {
    return SocketOptionNumber.set(descriptor, option, value);
  }

  @Override
  public int option(int descriptor, SocketOption<?> option) {
    return SocketOptionNumber.get(descriptor, option);
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

  /// As pread(2): a thread of the operating system that waits in one call costs less than a request
  /// that has to be reaped, too.
  @Override
  public int read(int descriptor, MemorySegment buffer, int length, long offset) {
    return (int) Libc.pread(descriptor, buffer, length, offset);
  }

  /// As preadv2(2) with RWF_NOWAIT: one copy from the page cache is cheaper here than on a ring.
  @Override
  public int readCached(
      int descriptor, MemorySegment vector, MemorySegment buffer, int length, long offset) {
    IovecAbi.set(vector, buffer, length);
    return (int) Libc.preadv2(descriptor, vector, 1, offset, Libc.RWF_NOWAIT);
  }

  /// As pwrite(2): most file systems have no asynchronous buffered write, so that a ring hands each
  /// to a worker thread of the kernel, which costs ten times as much.
  @Override
  public int writeBuffered(int descriptor, MemorySegment buffer, int length, long offset) {
    return (int) Libc.pwrite(descriptor, buffer, length, offset);
  }

  /// As pwritev2(2) with RWF_DSYNC: a caller who has a thread of the operating system to wait with
  /// is served best by it. Through a ring the request has to be reaped, too.
  @Override
  public int writeDurable(int descriptor, MemorySegment buffer, int length, long offset) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment vector = call.allocate(IovecAbi.IOVEC);
      IovecAbi.set(vector, buffer, length);
      int result =
          (int)
              Libc.pwritev2(
                  Libc.newErrnoCapture(call), descriptor, vector, 1, offset, Libc.RWF_DSYNC);
      return result == -Errno.ENOSYS ? NOT_HERE : result;
    }
  }

  /// As fdatasync(2) and fsync(2). A ring hands each to a worker thread of the kernel.
  @Override
  public int sync(int descriptor, boolean dataOnly) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment errno = Libc.newErrnoCapture(call);
      return dataOnly ? Libc.fdatasync(errno, descriptor) : Libc.fsync(errno, descriptor);
    }
  }

  @Override
  public int lock(int descriptor) {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment flock = call.allocate(FcntlAbi.FLOCK);
      FcntlAbi.wholeFileWriteLock(flock);
      int answer =
          Libc.fcntl(Libc.newErrnoCapture(call), descriptor, FcntlAbi.F_OFD_SETLK, flock);
      return answer == -Errno.EACCES ? -Errno.EAGAIN : Math.min(answer, 0);
    }
  }

  @Override
  public int createDirectory(Path path) {
    try (Arena call = Arena.ofConfined()) {
      return Libc.mkdir(Libc.newErrnoCapture(call), NativePath.encode(call, path), 0700);
    }
  }

  @Override
  public List<String> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  @Override
  public Path realPath(Path path) throws IOException {
    return path.toRealPath();
  }

  @Override
  public void close(boolean abandon) {
    if (closed) {
      return;
    }
    if (!abandon && inFlight.count() > 0) {
      throw new IllegalStateException(inFlight.count() + " requests in flight");
    }
    closed = true;
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

  private static void requireHost() throws UringUnavailableException {
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    if (!os.equals("Linux")) {
      throw new UringUnavailableException(0, true, "io_uring is a part of Linux; this is " + os);
    }
    if (!arch.equals("amd64") && !arch.equals("aarch64")) {
      throw new UringUnavailableException(
          0, true, "io_uring is used on amd64 and aarch64 only; this is " + arch);
    }
    Module module = UringBackend.class.getModule();
    if (!module.isNativeAccessEnabled()) {
      throw new UringUnavailableException(
          0,
          true,
          "no native access; start java with --enable-native-access="
              + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
    }
  }

  /// Submits until the kernel has taken everything.
  private int submitAll() {
    encoder.endRun();
    submissions.publishTail();
    int refusals = 0;
    long firstRefusal = 0;
    while (true) {
      int left = submissions.unconsumed();
      if (left == 0) {
        return 0;
      }
      int answer = refusals == 0 ? ring.submit(left) : ring.submitAndFlush(left);
      if (answer > 0) {
        if (submissions.splitsRun()) {
          return -Errno.EAGAIN;
        }
        refusals = 0;
        continue;
      }
      if (answer < 0 && !isTransient(answer)) {
        return answer;
      }
      // EAGAIN and EBUSY end when requests in flight do; in the shared mode the reaper sees to it.
      if (refusals++ == 0) {
        firstRefusal = System.nanoTime();
      } else if (System.nanoTime() - firstRefusal > REFUSAL_LIMIT_NANOS) {
        return answer == 0 ? -Errno.EAGAIN : answer;
      }
      if (refusals > REFUSALS_AT_ONCE) {
        Libc.sleep(REFUSAL_PAUSE_NANOS);
      }
    }
  }

  private static boolean isTransient(int answer) {
    return answer >= 0
        || answer == -Errno.EINTR
        || answer == -Errno.EAGAIN
        || answer == -Errno.EBUSY
        || answer == -Errno.ETIME;
  }

  /// Waits for one result at a time, as only so a wake-up ends the wait however many are asked
  /// for.
  private int waitFor(int minimum, long timeoutNanos, CompletionSink sink, int already) {
    int passed = already + passOn(sink);
    long start = timeoutNanos == Long.MAX_VALUE ? 0 : System.nanoTime();
    long left = timeoutNanos;
    while (passed < minimum && !woken && left > 0 && wakeFailure == 0) {
      int answer = ring.submitAndWait(0, left);
      if (!isTransient(answer)) {
        return passed > 0 ? passed : answer;
      }
      if (answer == -Errno.EAGAIN || answer == -Errno.EBUSY) {
        Libc.sleep(REFUSAL_PAUSE_NANOS);
      }
      passed += passOn(sink);
      if (timeoutNanos != Long.MAX_VALUE) {
        left = timeoutNanos - (System.nanoTime() - start);
      }
    }
    woken = false;
    return passed == 0 && wakeFailure != 0 ? wakeFailure : passed;
  }

  /// Passes on what is there now: what results bring about is left for the next call.
  private int passOn(CompletionSink sink) {
    WakeupEvent event = notice;
    if (event != null) {
      event.clear(); // Before the queue is emptied: what comes after that signals again.
    }
    if (ring.needsFlush()) {
      ring.flush();
    }
    int passed = 0;
    try {
      for (int ready = completions.readyAcquire(); ready > 0; ready--) {
        long place = completions.take();
        long token = completions.userData(place);
        long outcome = completions.outcome(place);
        if (shared) {
          completions.publishHead(); // Others submit as soon as they are told of this one.
        }
        int result = CompletionQueue.result(outcome);
        int flags = CompletionQueue.flags(outcome);
        if (inFlight.isQuiet(token)) {
          if (CompletionFlags.isFinal(flags)) {
            inFlight.remove();
          }
          sink.complete(token, result, flags);
          passed++;
        } else if (token == WAKE) {
          onWake(result, flags);
        } else if (token != DEADLINE) {
          passOn(token, result, flags, sink);
          passed++;
        }
      }
    } finally {
      if (!shared) {
        completions.publishHead();
      }
    }
    return passed;
  }

  private void passOn(long token, int result, int flags, CompletionSink sink) {
    Request request = inFlight.get(token);
    int finished = encoder.finish(request, token, result);
    int told = pools.flags(request, finished, flags);
    if (CompletionFlags.isFinal(told)) {
      inFlight.remove();
    }
    sink.complete(token, finished, told);
  }

  /// The poll has fired or ended.
  private void onWake(int result, int flags) {
    if (result >= 0) {
      wakeup.clear();
      woken = true;
    } else if (result == -Errno.EINVAL && multishotPoll) {
      multishotPoll = false;
    } else if (result != -Errno.ECANCELED) {
      wakeFailure = result;
      return;
    }
    if ((flags & IORING_CQE_F_MORE) == 0) {
      pollWanted = true;
      completions.publishHead(); // A kernel whose queue is full may refuse to take more.
      armPoll();
    }
  }

  /// Puts the poll of the eventfd into the ring, if it is wanted, nobody is in the middle of a run
  /// and nobody submits; whoever does, looks again when done.
  private void armPoll() {
    while (pollWanted && submitLock.tryLock()) {
      try {
        if (!pollWanted || encoder.runOpen() || submissions.room() == 0) {
          return;
        }
        pollWanted = false;
        int fd = wakeup.descriptor();
        int again = multishotPoll ? IORING_POLL_ADD_MULTI : 0;
        submissions.push(IORING_OP_POLL_ADD, 0, fd, 0, 0, again, POLLIN, 0, WAKE);
        int answer = submitAll();
        if (answer < 0) {
          wakeFailure = answer;
        }
      } finally {
        submitLock.unlock();
      }
    }
  }

  /// Wakes itself once, which shows the kind of poll that this kernel knows. Returns 0 or a refusal.
  private int probeWakeup() {
    wakeup();
    long start = System.nanoTime();
    int answer = waitFor(1, PROBE_TIMEOUT_NANOS, UringBackend::unexpected, 0);
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
