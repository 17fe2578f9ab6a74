package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.Op;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import dev.iobus.uring.UringSyscalls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A multiplexer for asynchronous I/O: many operations in flight, on one thread.
///
/// The preparing methods (`open`, `read`, `write`, `sync` …) give a [Handle]. `enqueue` puts
/// handles into the queue, `submit` also hands the queue to the operating system, `dispatch`
/// gives back one [Result], and `done` frees the handle for another operation, or `rearm` has it done
/// again.
///
/// From `enqueue` to the result the memory of an operation belongs to the operating system: it
/// must stay alive, and the caller does not write to it; what a read fills, it does not read either.
/// Memory that is freed already is refused when an operation is prepared and when it is enqueued; an
/// arena that is closed after that is not noticed, and the operating system writes to whatever has
/// those addresses then. An error of `submit` does not mean that an operation was not submitted.
///
/// A preparing method throws a [QueueFullException] when all handles are in use, an
/// [IllegalStateException] for a bus, a file or an arena that is closed, and an
/// [IllegalArgumentException] for what is out of its range, or an [IndexOutOfBoundsException] for a part
/// that is not inside a registered buffer; no handle is taken then. An [IOException] of `submit` or `dispatch` is
/// final: every later one gets it as cause, only `close` is left, and what was in flight keeps its
/// memory for ever.
///
/// Invariants.
/// 1. Every enqueued handle has exactly one last result; only `inbox` and operations with `Many` or
///    `ZeroCopy` in their name have others before it.
/// 2. At most `2 * capacity` requests are in flight, half of them cancels, and the completion
///    queue holds the last completions of all.
/// 3. A run of `chain` or `serialize` is placed whole.
/// 4. After `close` no operation is in flight, except where the deadline passed and this was
///    reported.
///
/// Confined to the thread that opened it, a platform thread; on any other [#wakeup()], `post`,
/// `backends`, `backend`, `reason`, `capacity` and [#runMax()] may be called, and the rest throws
/// [IllegalStateException].
public final class Bus extends QueueOperations implements AutoCloseable {

  /// The handles of busses that were closed with operations in flight, whose memory the kernel may
  /// still write: reachable for ever.
  private static final ConcurrentLinkedQueue<HandleTable> ABANDONED =
      new ConcurrentLinkedQueue<>();

  private static final System.Logger LOGGER = System.getLogger("dev.iobus");

  // Constant after construction.
  private final Thread owner = Thread.currentThread();
  private final BusOptions options;
  private final BackendKind kind;
  private final String reason;
  private final Backend backend;
  private final Checks checks;
  private final Registrations registrations;
  private final BusCounts counts = new BusCounts();

  // Owned by the bus thread.
  private final HandleTable table;
  private final InFlight flight;
  private final ResultWaits waits;
  private final Placing placing;
  private final BufferPools pools;
  private @Nullable OpenFile busFile;

  /// The owner until it closes the bus: one look tells whether a call is refused.
  private @Nullable Thread user = owner;

  /// Keeps wake-ups away from a backend that is gone. A leaf.
  private final ReentrantLock wakeupLock = new ReentrantLock();

  /// Written by the bus thread under the lock.
  private boolean closed;

  private Bus(BackendChoice choice, BusOptions options) {
    this.options = options;
    kind = choice.kind();
    reason = choice.reason();
    backend = choice.backend();
    checks = new Checks(kind);
    registrations = new Registrations(this, kind, backend);
    pools = new BufferPools(this, backend);
    table = new HandleTable(this, options.capacity());
    flight = new InFlight(backend, table, options.scheduler(), runMax(), counts);
    waits = flight.waits();
    placing = flight.placing();
  }

  /// Opens a bus that belongs to the calling thread.
  ///
  /// @throws IllegalStateException on a virtual thread, which has no operating system thread of
  ///     its own for the kernel to tie the ring to
  /// @throws IOException if the backend that was asked for is not available here, or a resource
  ///     is exhausted
  public static Bus open(BusOptions options) throws IOException {
    return open(options, UringSyscalls::kernel);
  }

  /// As above, with the system calls of a test.
  static Bus open(BusOptions options, Supplier<UringSyscalls> syscalls) throws IOException {
    if (options.scheduler().currentTask().isVirtual()) {
      throw new IllegalStateException(
          "a bus belongs to a platform thread; on virtual threads use SharedBus");
    }
    Bus bus = new Bus(BackendChoice.open(false, options, syscalls), options);
    if (BusEvents.recordsFallbacks()) {
      bus.fallbacks().forEach(line -> BusEvents.fallback(bus.kind.label(), line));
    }
    return bus;
  }

  /// Every backend of real hosts in the order of preference, with whether a bus can be opened on it
  /// here and now, and if not, why. Each is opened and closed for this, which takes some
  /// milliseconds. From any thread.
  public static List<BackendAvailability> backends() {
    return BackendAvailability.ofAll(UringSyscalls::kernel);
  }

  /// The backend that was chosen.
  public BackendKind backend() {
    return kind;
  }

  /// One line: which backend, why, and with which features.
  public String reason() {
    return reason;
  }

  /// What this bus does another way than on the best host and why, one line each: first the backend
  /// itself where a better one is not available, then what the kernel lacks, then why memory was
  /// refused registration so far ([RegisteredBuffer#refusal()]).
  public List<String> fallbacks() {
    checkOpen();
    List<String> all =
        new ArrayList<>(BackendChoice.fallbacks(options, kind, reason, backend));
    all.addAll(registrations.fallbacks());
    return List.copyOf(all);
  }

  /// What this bus has done since it was opened.
  public BusStats stats() {
    checkOpen();
    placing.settle();
    return BusStats.of(counts, backend.counts());
  }

  /// Handles that can be in use at one time, cancels not counted.
  public int capacity() {
    return options.capacity();
  }

  /// The longest run that [#chain] and [#serialize] take.
  public int runMax() {
    return Math.min(backend.batchMax(), options.capacity());
  }

  /// Operations and cancels that were enqueued and have not ended.
  public int inFlight() {
    checkOwner();
    return flight.count();
  }

  /// Prepares an operation that does nothing but end.
  public Handle nop() {
    Handle handle = take(Op.NOP);
    handle.bits |= Handle.PLAIN;
    return handle;
  }

  /// Prepares to give out the messages of other threads, see [#post(long)], until it is cancelled.
  /// One such operation may be in flight; another fails with EBUSY.
  public Handle inbox() {
    Handle handle = take(Op.INBOX);
    handle.bits |= Handle.REPEATS;
    return handle;
  }

  /// Makes the current or the next timed `dispatch` return, without a result if there is none.
  /// From any thread; cheap when repeated. Does nothing on a closed bus.
  public void wakeup() {
    wakeupLock.lock();
    try {
      if (!closed) {
        waits.wakeup();
      }
    } finally {
      wakeupLock.unlock();
    }
  }

  /// Sends a number to the owner of this bus, who gets it as a result of [#inbox()], at once or as
  /// soon as it has one. In order for each sender. From any thread, such as the owner of another
  /// bus.
  ///
  /// This is how one bus sends to another, on every backend. The kernel's own message between rings
  /// (`IORING_OP_MSG_RING`, Linux 5.18) could be sent by owners of a bus alone, would need a system
  /// call for each, and takes a place among the completions of a bus that did not ask for it; here
  /// only the first of several messages wakes the receiver, and a full inbox is the sender's exception.
  ///
  /// @throws QueueFullException when the inbox is full: 1,024 messages, or twice the capacity
  /// @throws IllegalStateException when the bus is closed
  public void post(long message) {
    wakeupLock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the bus is closed");
      }
      flight.post(message);
    } finally {
      wakeupLock.unlock();
    }
  }

  /// A file that is readable while this bus has something to dispatch, for a `poll` on another bus
  /// of the same backend. It is closed with this bus: operations on it end before that. It does not
  /// tell that a deadline has passed whose operation [#drain] or a waiting close holds back.
  ///
  /// @throws NotSupportedException where the backend has no such file (kqueue, NIO)
  public OpenFile busFile() throws BusException {
    checkOpen();
    int descriptor = backend.descriptor();
    if (descriptor < 0) {
      throw descriptor == -Errno.EOPNOTSUPP
          ? NotSupportedException.of(
              "busFile",
              "the bus",
              kind.label() + " has no such file; let others post to the bus, which wakes it")
          : BusException.of("busFile", "the bus", descriptor, null);
    }
    OpenFile file = busFile != null ? busFile : OpenFile.ofBus(descriptor, kind);
    busFile = file;
    return file;
  }

  /// Makes a pool of buffers for receives on this bus.
  ///
  /// @param count buffers, 1 to 32,768
  /// @param bufferBytes bytes of each, 1 to 1 GiB
  /// @throws IOException where the host refuses
  public BufferPool newPool(int count, int bufferBytes) throws IOException {
    checkOpen();
    return pools.open(count, bufferBytes, false);
  }

  /// Makes a pool whose buffers are filled piece by piece, each receive behind the last, until they
  /// are full: for few large buffers and small messages. Linux 6.12.
  ///
  /// @throws BusException where the host cannot: use [#newPool]
  public BufferPool newIncrementalPool(int count, int bufferBytes) throws IOException {
    checkOpen();
    return pools.open(count, bufferBytes, true);
  }

  void forget(BufferPool pool) {
    pools.forget(pool);
  }

  /// Cancels what is in flight, waits for every result within `closeDeadline`, and releases
  /// everything. Results that were not dispatched are dropped, and their open files closed.
  /// Memory that the kernel has not given back by the deadline stays mapped for ever, and this is
  /// logged. A second call does nothing.
  @Override
  public void close() {
    checkOwner();
    if (closed) {
      return;
    }
    boolean drained = false;
    try {
      drained = !waits.hasFailed() && flight.drain(this, nanos(options.closeDeadline()));
    } catch (IOException e) {
      LOGGER.log(System.Logger.Level.WARNING, "closing a bus: the ring failed", e);
    } finally {
      markClosed();
      drained |= backend.hasEnded();
      if (!drained) {
        ABANDONED.add(table);
        reportSurvivors();
      }
      if (busFile != null) {
        busFile.uses().end();
      }
      pools.end(drained);
      registrations.close(drained);
      backend.close(!drained);
    }
  }

  @Override
  Checks checks() {
    return checks;
  }

  @Override
  Registrations registrations() {
    return registrations;
  }

  @Override
  Backend driver() {
    return backend;
  }

  @Override
  Bus self() {
    return this;
  }

  @Override
  Placing placing() {
    return placing;
  }

  @Override
  HandleTable table() {
    return table;
  }

  @Override
  InFlight flight() {
    return flight;
  }

  @Override
  boolean isPolled() {
    return busFile != null;
  }

  @Override
  void checkOwner() {
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "the bus belongs to " + owner + ", and this is " + Thread.currentThread());
    }
  }

  @Override
  Handle take(Op op) {
    checkOpen();
    return table.take(op);
  }

  /// Gives back a handle whose preparation failed.
  @Override
  void giveBack(Handle handle) {
    table.free(handle);
  }

  /// @throws IllegalStateException if the handle is in another state
  static void checkState(Handle handle, int expected) {
    if (handle.state() != expected) {
      throw new IllegalStateException(handle + " is not " + Handle.State.name(expected));
    }
  }

  @Override
  void checkMine(Handle handle) {
    if (handle.bus != this) {
      throw new IllegalArgumentException(handle + " belongs to another bus");
    }
  }

  @SuppressWarnings("ReferenceEquality") // That very thread.
  @Override
  void checkOpen() {
    if (Thread.currentThread() != user) {
      checkOwner();
      throw new IllegalStateException("the bus is closed");
    }
  }

  private void markClosed() {
    user = null;
    wakeupLock.lock();
    try {
      closed = true;
    } finally {
      wakeupLock.unlock();
    }
  }

  private void reportSurvivors() {
    StringBuilder survivors = new StringBuilder();
    for (int i = 0; i < table.size(); i++) {
      if (table.get(i).state() == Handle.State.IN_FLIGHT) {
        survivors.append(' ').append(table.get(i));
      }
    }
    LOGGER.log(
        System.Logger.Level.ERROR,
        "a bus was closed with operations still in flight; the memory that the kernel may write"
            + " is leaked:" + survivors);
  }

  static long nanos(Duration duration) {
    return duration.compareTo(Duration.ofDays(10_000)) < 0
        ? duration.toNanos()
        : Duration.ofDays(10_000).toNanos();
  }
}
