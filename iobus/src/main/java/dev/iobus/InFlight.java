package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionFlags;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.backend.RequestQueue;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.util.List;

/// The operations between `enqueue` and `dispatch`: starts them, counts them, and resumes what takes
/// more than one request. [Placing] checks what is enqueued, [ResultWaits] submits and waits for it,
/// [Completions] takes what comes of it, [Cancels] ends operations early.
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
  private final Scheduler scheduler;
  private final BusCounts counts;
  private final Completions completions;
  private final ResultWaits waits;
  private final Placing placing;
  private final Cancels cancels;
  private final Results results;
  private final Visits visits;

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
    this.scheduler = scheduler;
    this.counts = counts;
    ready = new ReadyQueue(table, direct);
    unfinished = new HandleQueue(table.size());
    closings = new Closings(table);
    heldDeadlines = new HeldDeadlines(table, scheduler);
    inbox = new Inbox(Math.max(INBOX_MIN, table.size()));
    completions =
        new Completions(
            this, table, ready, direct, barrier, closings, heldDeadlines, scheduler, counts);
    waits = new ResultWaits(backend, this, ready, direct, scheduler, counts, completions);
    placing =
        new Placing(backend, table, this, waits, barrier, closings, counts, runMax);
    cancels = new Cancels(table, this, barrier, closings, inbox, counts);
    results = new Results(backend, table, ready, inbox);
    visits = new Visits(table, placing, results, direct);
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

  Visits visits() {
    return visits;
  }

  /// Operations and cancels that will have a result.
  int count() {
    settle();
    return count - silent;
  }

  /// Counts what went straight to the backend and from it to a sink, which is not counted one by one.
  private void settle() {
    placing.settle();
    count -= direct.takeUncounted();
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
    handle.enter(Handle.State.IN_FLIGHT);
    count++;
    if (BusEvents.recordsSlowOperations() && !waitsForOthers(handle.op)) {
      handle.stopBeingPlain();
      handle.extras.event = BusEvents.begin();
    }
    Request request = handle.request;
    if (!barrier.isIdle()) {
      handle.stopBeingPlain();
    }
    if (request.link != link) {
      request.link = link;
    }
    if (handle.isBounded()) {
      handle.stopBeingPlain();
      handle.extras.deadline = scheduler.nanoTime() + request.timeoutNanos;
    }
    BusFile file = handle.file;
    if (file != null) {
      request.file = number(bus, handle.op, file);
      request.fixedFile = file instanceof RegisteredFile && request.file >= 0;
      if (file instanceof RegisteredFile registered) {
        handle.stopBeingPlain();
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
    request.multishot = handle.repeats() && backend.repeats(request);
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
      int refused = handle.refusal();
      if (refused == 0) {
        prepare(handle);
      } else if (handle.isFull()) {
        completions.finishTransfer(handle, refused);
      } else {
        finish(handle, refused, 0);
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

  /// Has an operation resumed that takes another request.
  void takesMore(Handle handle) {
    unfinished.add(handle);
    resumable = true;
  }

  /// Counts one off that has ended, or whose last result stands in the ready queue.
  void ended() {
    count--;
  }

  /// As [#silence] has counted it; with [#ended].
  void endedSilently() {
    silent--;
  }

  /// Counts a cancel as one that nobody sees the result of; before it is started.
  void silence(Handle cancel) {
    cancel.extras.silent = true;
    silent++;
  }

  /// Ends an operation with its last result.
  void finish(Handle handle, int outcome, int flags) {
    completions.finish(handle, outcome, flags);
  }

  /// Cancels everything and waits for all results. Returns false when the deadline came first.
  boolean drain(Bus bus, long deadlineNanos) throws IOException {
    long deadline = scheduler.nanoTime() + deadlineNanos;
    cancels.beforeClose(bus);
    while (true) {
      while (!ready.isEmpty()) {
        results.next();
      }
      settle();
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
