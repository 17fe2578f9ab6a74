package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The operations between `enqueue` and `dispatch`: starts them, takes their completions, and
/// resumes what takes more than one request. [Placing] checks what is enqueued, [ResultWaits] submits
/// and waits for it, [Cancels] ends operations early.
///
/// Invariants.
/// 1. A handle that was placed is counted until its last result stands in the ready queue, or it
///    is silent and free.
/// 2. A handle in flight is either with the backend, or in `unfinished`, or held by the barrier or
///    with a close that waits.
///
/// Confined to the bus thread, but for [#post(long)].
final class InFlight {

  /// The fewest messages that a bus has room for.
  private static final int INBOX_MIN = 1024;

  // Constant after construction.
  private final Backend backend;
  private final HandleTable table;
  private final Scheduler scheduler;
  private final BusCounts counts;
  private final ResultWaits waits;
  private final Placing placing;
  private final Cancels cancels;
  private final Results results;

  // Owned by the bus thread.
  private final ReadyQueue ready;
  private final DirectResults direct = new DirectResults();
  private final HandleQueue unfinished;
  private int count;

  /// How many of those end without a result.
  private int silent;

  private final Inbox inbox;

  /// What holds new operations back until older ones have ended.
  private final Barrier barrier = new Barrier();

  /// What holds a close back until its file is not looked up any more.
  private final Closings closings;

  private final HeldDeadlines heldDeadlines;

  /// See [#needsResume()]. Set wherever that comes to be.
  private boolean resumable;

  InFlight(
      Backend backend, HandleTable table, Scheduler scheduler, int runMax, BusCounts counts) {
    this.backend = backend;
    this.table = table;
    this.scheduler = scheduler;
    this.counts = counts;
    ready = new ReadyQueue(table, direct);
    unfinished = new HandleQueue(table.size());
    closings = new Closings(table);
    heldDeadlines = new HeldDeadlines(table, scheduler);
    inbox = new Inbox(Math.max(INBOX_MIN, table.size()));
    waits = new ResultWaits(backend, this, ready, direct, scheduler, counts, new Completions());
    placing =
        new Placing(backend, table, this, waits, barrier, closings, counts, runMax);
    cancels = new Cancels(table, this, barrier, closings, inbox, counts);
    results = new Results(backend, table, ready, inbox);
  }

  /// Where it submits and waits.
  ResultWaits waits() {
    return waits;
  }

  Placing placing() {
    return placing;
  }

  Cancels cancels() {
    return cancels;
  }

  Results results() {
    return results;
  }

  /// Operations and cancels that will have a result.
  int count() {
    placing.settle();
    return count - silent;
  }

  /// Counts operations that went straight to the backend.
  void started(int placed) {
    count += placed;
  }

  /// Starts an operation that was checked.
  ///
  /// @param behindClose whether its run waits with a close
  void start(Bus bus, Handle handle, Link link, boolean behindClose) throws IOException {
    placing.settle();
    handle.userData &= ~RequestQueue.PLAIN;
    handle.state = Handle.State.IN_FLIGHT;
    count++;
    if (BusEvents.recordsSlowOperations() && !waitsForOthers(handle.op)) {
      handle.plain = false;
      handle.extras.event = BusEvents.begin();
    }
    Request request = handle.request;
    if (!barrier.isIdle()) {
      handle.plain = false;
    }
    if (request.link != link) {
      request.link = link;
    }
    if (handle.isBounded()) {
      handle.plain = false;
      handle.extras.deadline = scheduler.nanoTime() + request.timeoutNanos;
    }
    BusFile file = handle.file;
    if (file != null) {
      request.file = number(bus, handle.op, file);
      request.fixedFile = file instanceof RegisteredFile && request.file >= 0;
      if (file instanceof RegisteredFile registered) {
        handle.plain = false;
        registered.retain();
      }
    }
    if (handle.op == Op.CANCEL) {
      cancels.start(handle);
    } else if (handle.op == Op.INBOX) {
      startInbox(handle);
    } else if (barrier.holds(handle)) {
      handle.extras.held = true;
      heldBack(handle);
    } else if (behindClose) {
      closings.add(handle);
      heldBack(handle);
    } else {
      begin(handle);
    }
  }

  /// The backend gets it later.
  private void heldBack(Handle handle) {
    closings.retain(handle);
    heldDeadlines.add(handle);
    resumable = true;
  }

  /// How long to wait for the backend at most, as what it does not have may have a deadline.
  ///
  /// @param nanos [Long#MAX_VALUE] for no limit
  long limited(long nanos) {
    return heldDeadlines.limited(nanos);
  }

  /// Whether how long it takes says nothing of this host.
  private static boolean waitsForOthers(Op op) {
    return switch (op) {
      case ACCEPT, RECV, RECV_MESSAGE, POLL, TIMEOUT, INBOX, CANCEL -> true;
      default -> false;
    };
  }

  /// The number that the backend knows a file by; for a close with the right to it. An invalid one
  /// if another thread, or an operation of the same call, has just closed it: then the operation ends
  /// with EBADF, as it does for the kernel.
  private int number(Bus bus, Op op, BusFile file) {
    try {
      if (op != Op.CLOSE) {
        return bus.fileNumber(file);
      }
      return switch (file) {
        case OpenFile open -> open.releaseDescriptor(closings.retained(file));
        case OpenSocket socket -> socket.releaseDescriptor(closings.retained(file));
        case RegisteredFile registered -> registered.startClosing(bus);
      };
    } catch (IllegalStateException e) {
      return -1;
    }
  }

  private void startInbox(Handle handle) {
    if (inbox.listener() != null) {
      finish(handle, -Errno.EBUSY, 0);
    } else {
      inbox.listen(handle);
      resumable = true;
    }
  }

  /// Adds a message of any thread, and wakes the bus thread for the first of those that it does not
  /// know of: it may wait for more than it knows.
  void post(long message) {
    int before = inbox.add(message);
    if (before < 0) {
      throw new QueueFullException(
          "the inbox holds " + inbox.capacity() + " messages; the bus has to dispatch some");
    }
    if (before == 0) {
      backend.wakeup();
    }
  }

  private void announceMessages() {
    Handle listener = inbox.listener();
    if (listener != null) {
      for (int i = inbox.announce(); i > 0; i--) {
        ready.add(listener, 0, CompletionFlags.MORE);
      }
    }
  }

  private void begin(Handle handle) throws IOException {
    heldDeadlines.remove(handle);
    closings.begun(handle);
    prepare(handle);
  }

  private void beginAll(List<Handle> run) throws IOException {
    int length = 0;
    for (Handle handle : run) {
      length += entries(handle);
    }
    if (backend.room() < length) {
      waits.submit();
    }
    for (Handle handle : run) {
      begin(handle);
    }
  }

  /// Prepares a request of an operation.
  void prepare(Handle handle) throws IOException {
    placing.settle();
    Request request = handle.request;
    if (request.hasDeadline || (handle.isBounded() && !handle.extras.behind)) {
      long left = handle.extras.deadline - scheduler.nanoTime();
      long now = backend.nanoTime();
      request.hasDeadline = true;
      request.deadlineNanos = left > 0 && now + left < now ? Long.MAX_VALUE : now + left;
    }
    if (backend.room() < entries(handle)) {
      waits.submit();
    }
    if (request.op != handle.op) {
      request.op = handle.op;
    }
    request.userData = handle.userData;
    request.multishot = handle.repeats && backend.repeats(request);
    backend.prepare(request);
    counts.prepared(request.op);
    waits.prepared(1);
  }

  /// Places in a submission: a deadline has one of its own.
  static int entries(Handle handle) {
    return handle.isBounded() ? 2 : 1;
  }

  /// Whether [#resume()] may have something to do.
  boolean needsResume() {
    return resumable;
  }

  /// Lets on what was held back or needs another request.
  void resume() throws IOException {
    if (resumable) {
      resumeAll();
      resumable =
          inbox.listener() != null
              || unfinished.size() > 0
              || !barrier.isIdle()
              || !closings.isEmpty();
    }
  }

  private void resumeAll() throws IOException {
    announceMessages();
    for (Handle late = heldDeadlines.expired(); late != null; late = heldDeadlines.expired()) {
      cancels.endHeld(late);
    }
    for (int i = unfinished.size(); i > 0; i--) {
      Handle handle = unfinished.remove();
      if (handle.extras.cancelRequested && handle.full) {
        finishTransfer(handle, -Errno.ECANCELED);
      } else if (handle.extras.cancelRequested) {
        finish(handle, -Errno.ECANCELED, 0);
      } else if (handle.repeats && isClosed(handle.file)) {
        finish(handle, -Errno.EBADF, 0);
      } else {
        prepare(handle);
      }
    }
    while (barrier.next() != null) {
      List<Handle> run = barrier.firstRun();
      for (Handle handle : run) {
        barrier.release();
        handle.extras.held = false;
      }
      if (closings.holds(run.toArray(Handle[]::new))) {
        run.forEach(closings::add);
      } else {
        beginAll(run);
      }
    }
    while (!closings.isEmpty()) {
      List<Handle> run = closings.next();
      if (run.isEmpty()) {
        break;
      }
      beginAll(run);
    }
  }

  /// Whether its number may be that of another file by now.
  private static boolean isClosed(@Nullable BusFile file) {
    return switch (file) {
      case OpenFile open -> open.isClosed();
      case OpenSocket socket -> socket.isClosed();
      case RegisteredFile registered -> false; // Its slot is kept for it.
      case null -> false;
    };
  }

  /// Takes what the backend passes on.
  private final class Completions implements CompletionSink {

    @Override
    public void complete(long userData, int result, int flags) {
      Handle handle = table.completed(userData);
      if (!handle.plain) {
        completeOther(handle, result, flags);
        return;
      }
      count--;
      handle.state = Handle.State.COMPLETED;
      handle.outcome = result;
      if (direct.isOpenTo(handle)) {
        direct.pass(handle);
      } else {
        ready.add(handle);
      }
    }

    @Override
    public void endsWait() {
      if (ready.isEmpty()) {
        direct.open();
      }
    }
  }

  private void completeOther(Handle handle, int result, int flags) {
    BufferPool pool = handle.extras.pool;
    if (pool != null && (flags & CompletionFlags.BUFFER) != 0) {
      pool.brought();
    }
    if (handle.full) {
      Transfer transfer = handle.extras.transfer();
      if (result > 0 && result < handle.request.length) {
        counts.cameShort();
      }
      int next = transfer.advance(handle.request, result, handle.extras.cancelRequested);
      if (next > 0) {
        unfinished.add(handle);
        resumable = true;
        return;
      }
      finishTransfer(handle, next);
    } else if (!CompletionFlags.isFinal(flags)) {
      ready.add(handle, result, flags);
    } else if (mustRepeat(handle, result)) {
      ready.add(handle, result, flags | CompletionFlags.MORE);
      unfinished.add(handle);
      resumable = true;
    } else {
      finish(handle, result, flags);
    }
  }

  private void finishTransfer(Handle handle, int outcome) {
    Transfer transfer = handle.extras.transfer();
    handle.extras.transferred = transfer.transferred();
    transfer.clear();
    finish(handle, outcome, 0);
  }

  /// Whether an operation with many results is prepared again, as the backend completes it once.
  private static boolean mustRepeat(Handle handle, int result) {
    boolean ended = result < 0 || (result == 0 && handle.op == Op.RECV);
    return handle.repeats && !handle.request.multishot && !ended && !handle.extras.cancelRequested;
  }

  /// Counts a cancel as one that nobody sees the result of; before it is started.
  void silence(Handle cancel) {
    cancel.extras.silent = true;
    silent++;
  }

  /// Ends an operation with its last result.
  void finish(Handle handle, int outcome, int flags) {
    closings.ended(handle);
    heldDeadlines.remove(handle);
    count--;
    if (!handle.extras.held) {
      barrier.ended(handle);
    }
    BufferPool pool = handle.extras.pool;
    if (outcome == -Errno.ENOBUFS && pool != null) {
      counts.poolExhausted();
      BusEvents.poolExhausted(
          handle.operation(), handle.target(), pool.size(), pool.bufferBytes());
    }
    if (handle.extras.event != null) {
      tellIfSlow(handle, handle.extras.event, outcome);
    }
    handle.releaseBuffer();
    handle.bus.ended(handle, outcome);
    Handle next = handle.extras.next;
    if (next != null && cuts(handle, outcome)) {
      next.extras.cut = true;
    }
    if (handle.extras.silent) {
      silent--;
      table.free(handle);
    } else {
      handle.state = Handle.State.COMPLETED;
      ready.add(handle, timedOut(handle, outcome) ? -Errno.ETIME : outcome, flags);
    }
  }

  private static void tellIfSlow(Handle handle, Object event, int outcome) {
    BusEvents.end(event);
    if (BusEvents.wasSlow(event)) {
      BusEvents.tell(
          event,
          handle.bus.backend().label(),
          handle.operation(),
          handle.target(),
          handle.request.offset,
          outcome < 0 || !handle.full ? outcome : handle.extras.transferred);
    }
    handle.extras.event = null;
  }

  /// Whether this result of a member of a chain cancels those behind it.
  private static boolean cuts(Handle handle, int outcome) {
    boolean whole =
        switch (handle.op) {
          case READ, WRITE, SEND, SEND_MESSAGE -> true;
          case RECV -> handle.extras.pool == null;
          default -> false;
        };
    return outcome < 0 || (whole && outcome < handle.request.length);
  }

  /// Whether a cancelled operation was cancelled by its deadline.
  private boolean timedOut(Handle handle, int outcome) {
    return outcome == -Errno.ECANCELED
        && handle.isBounded()
        && !handle.extras.cut
        && !handle.extras.cancelRequested
        && scheduler.nanoTime() - handle.extras.deadline >= 0;
  }

  /// Cancels everything and waits for all results. Returns false when the deadline came first.
  boolean drain(Bus bus, long deadlineNanos) throws IOException {
    long deadline = scheduler.nanoTime() + deadlineNanos;
    cancels.beforeClose(bus);
    while (true) {
      while (!ready.isEmpty()) {
        results.next();
      }
      placing.settle();
      if (count == 0) {
        results.discardDispatched();
        return true;
      }
      long left = deadline - scheduler.nanoTime();
      if (left <= 0) {
        return false;
      }
      waits.awaitAny(left);
    }
  }
}
