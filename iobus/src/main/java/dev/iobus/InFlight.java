package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Everything between `enqueue` and `dispatch`: hands requests to the backend, takes their
/// completions, and resumes what takes more than one request.
///
/// Invariants.
/// 1. A handle that was placed is counted until it stands in the ready queue, or was an orphan
///    and is free.
/// 2. A handle in flight is either with the backend or in `unfinished`, never both.
///
/// Confined to the bus thread, but for [#wakeup()].
final class InFlight {

  // Constant after construction.
  private final Backend backend;
  private final HandleTable table;
  private final Scheduler scheduler;
  private final int runMax;
  private final CompletionSink completion = this::complete;

  // Owned by the bus thread.
  private final HandleQueue ready;
  private final HandleQueue unfinished;
  private int count;

  /// How many of those end without a result: closes of files that nobody took.
  private int orphans;

  /// Requests that were prepared and not yet submitted.
  private int unsubmitted;

  /// What ended the ring; nothing can be submitted any more.
  private @Nullable BusException failure;

  private final AtomicBoolean wakeupAsked = new AtomicBoolean();

  InFlight(Backend backend, HandleTable table, Scheduler scheduler, int runMax) {
    this.backend = backend;
    this.table = table;
    this.scheduler = scheduler;
    this.runMax = runMax;
    ready = new HandleQueue(table.size());
    unfinished = new HandleQueue(table.size());
  }

  /// Operations and cancels that will have a result.
  int count() {
    return count - orphans;
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  /// Takes the oldest result; there must be one.
  Handle nextReady() {
    return ready.remove();
  }

  boolean hasFailed() {
    return failure != null;
  }

  /// Checks all handles before it changes any, then prepares them, as one run if they are linked.
  void place(Bus bus, Handle[] handles, Link link) throws IOException {
    if (link != Link.NONE && handles.length > runMax) {
      throw new IllegalArgumentException(
          "a run of " + handles.length + " operations is longer than the " + runMax
              + " that one submission carries");
    }
    int checked = 0;
    boolean fit = false;
    try {
      for (; checked < handles.length; checked++) {
        checkFit(bus, handles[checked], link);
        if (handles[checked].state == Handle.State.PREPARED) {
          handles[checked].state = Handle.State.PLACING;
        }
      }
      if (link != Link.NONE && backend.room() < handles.length) {
        submit();
      }
      fit = true;
    } finally {
      for (int i = 0; !fit && i < checked; i++) {
        if (handles[i].state == Handle.State.PLACING) {
          handles[i].state = Handle.State.PREPARED;
        }
      }
    }
    for (int i = 0; i < handles.length; i++) {
      if (handles[i].state == Handle.State.PLACING) {
        start(bus, handles[i], i < handles.length - 1 ? link : Link.NONE);
      }
    }
  }

  private static void checkFit(Bus bus, Handle handle, Link link) {
    bus.checkMine(handle);
    boolean single = handle.extent == Handle.Extent.FULL || handle.op == Op.CANCEL;
    if (link != Link.NONE && single) {
      throw new IllegalArgumentException("a " + handle.operation() + " cannot be part of a run");
    }
    if (handle.op != Op.CANCEL || handle.state == Handle.State.IDLE) {
      Bus.checkState(handle, Handle.State.PREPARED);
    }
    BusFile file = handle.file;
    if (file != null) {
      bus.fileNumber(file);
    }
  }

  private void start(Bus bus, Handle handle, Link link) throws IOException {
    handle.state = Handle.State.IN_FLIGHT;
    count++;
    Request request = handle.request;
    request.link = link;
    BusFile file = handle.file;
    if (file != null) {
      request.fixedFile = file instanceof RegisteredFile;
      request.file = handle.op == Op.CLOSE ? releaseDescriptor(file) : bus.fileNumber(file);
    }
    if (handle.op == Op.CANCEL && !startCancel(handle)) {
      finish(handle, -Errno.ENOENT);
      return;
    }
    prepare(handle);
  }

  /// The right to close, or an invalid descriptor if another thread has just taken it: then the
  /// operation ends with EBADF, as it does for the kernel.
  private static int releaseDescriptor(BusFile file) {
    try {
      return ((OpenFile) file).releaseDescriptor();
    } catch (IllegalStateException e) {
      return -1;
    }
  }

  /// Marks the target as cancelled, so that it is not resumed. Returns whether there is still
  /// something to cancel.
  private boolean startCancel(Handle cancel) {
    Handle target = table.targetOf(cancel);
    if (target.state != Handle.State.IN_FLIGHT || target.userData() != cancel.request.offset) {
      return false;
    }
    target.cancelRequested = true;
    return true;
  }

  private void prepare(Handle handle) throws IOException {
    if (backend.room() == 0) {
      submit();
    }
    handle.request.op = handle.op;
    handle.request.userData = handle.userData();
    backend.prepare(handle.request);
    unsubmitted++;
  }

  /// Gives all that was placed to the operating system.
  void submit() throws IOException {
    check(backend.submit());
    unsubmitted = 0;
  }

  /// Submits, then waits until `minimum` results are ready or the time has passed.
  ///
  /// @param stopAtWakeup whether a wake-up ends the wait, and is used up by it
  void await(int minimum, long timeoutNanos, boolean stopAtWakeup) throws IOException {
    boolean forever = timeoutNanos == Long.MAX_VALUE;
    boolean polls = timeoutNanos <= 0 || minimum == 0;
    long start = forever || polls ? 0 : scheduler.nanoTime();
    long left = polls ? 0 : timeoutNanos;
    boolean waits = true;
    while (waits) {
      resume();
      int missing = minimum - ready.size();
      boolean woken = stopAtWakeup && wakeupAsked.getAndSet(false);
      if (missing <= 0 && minimum > 0) {
        submitIfNeeded();
        return;
      }
      boolean last = woken || left <= 0;
      check(backend.submitAndAwait(last ? 0 : missing, last ? 0 : left, completion));
      unsubmitted = 0;
      if (!forever && !polls) {
        left = timeoutNanos - (scheduler.nanoTime() - start);
      }
      waits = !last;
    }
    resume();
    submitIfNeeded();
  }

  private void submitIfNeeded() throws IOException {
    if (unsubmitted > 0) {
      submit();
    }
  }

  void wakeup() {
    if (!wakeupAsked.getAndSet(true)) {
      backend.wakeup();
    }
  }

  /// Prepares the next request of each operation that needs one more.
  void resume() throws IOException {
    for (int i = unfinished.size(); i > 0; i--) {
      Handle handle = unfinished.remove();
      if (handle.cancelRequested && !handle.orphan) {
        finish(handle, -Errno.ECANCELED);
      } else {
        prepare(handle);
      }
    }
  }

  private void complete(long userData, int result, int flags) {
    Handle handle = table.completed(userData);
    if (handle.extent == Handle.Extent.FULL) {
      Transfer transfer = handle.transfer();
      int next = transfer.advance(handle.request, result, handle.cancelRequested);
      if (next > 0) {
        unfinished.add(handle);
        return;
      }
      handle.transferred = transfer.transferred();
      transfer.clear();
      finish(handle, next);
    } else {
      finish(handle, result);
    }
  }

  private void finish(Handle handle, int outcome) {
    count--;
    handle.outcome = outcome;
    handle.releaseBuffer();
    if (handle.orphan) {
      orphans--;
      table.free(handle);
    } else {
      handle.state = Handle.State.COMPLETED;
      ready.add(handle);
    }
  }

  /// Turns a finished open whose file nobody took into the close of that file.
  void closeOrphan(Handle opened) {
    int descriptor = opened.outcome;
    opened.reset();
    opened.op = Op.CLOSE;
    opened.orphan = true;
    opened.state = Handle.State.IN_FLIGHT;
    opened.generation++;
    opened.request.file = descriptor;
    count++;
    orphans++;
    unfinished.add(opened);
  }

  /// Cancels everything and waits for all results. Returns false when the deadline came first.
  boolean drain(Bus bus, long deadlineNanos) throws IOException {
    long deadline = scheduler.nanoTime() + deadlineNanos;
    cancelAll(bus);
    while (true) {
      while (!ready.isEmpty()) {
        ready.remove();
      }
      closeOrphans();
      if (count == 0) {
        return true;
      }
      long left = deadline - scheduler.nanoTime();
      if (left <= 0) {
        return false;
      }
      resume();
      check(backend.submitAndAwait(ready.isEmpty() ? 1 : 0, left, completion));
    }
  }

  /// Closes the files of all finished opens that nobody took.
  private void closeOrphans() {
    for (int i = 0; i < table.size(); i++) {
      if (isOrphanedOpen(table.get(i))) {
        closeOrphan(table.get(i));
      }
    }
  }

  /// Whether a finished open has a file that only its result knows.
  static boolean isOrphanedOpen(Handle handle) {
    return handle.state == Handle.State.COMPLETED
        && handle.op == Op.OPEN
        && handle.outcome >= 0
        && handle.opened == null;
  }

  private void cancelAll(Bus bus) throws IOException {
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      if (handle.state == Handle.State.PREPARED) {
        handle.releaseBuffer();
        table.free(handle);
      }
    }
    for (int i = 0; i < table.size(); i++) {
      Handle handle = table.get(i);
      boolean ours = handle.op != Op.CANCEL && handle.op != Op.CLOSE;
      if (ours && handle.state == Handle.State.IN_FLIGHT && !handle.cancelRequested) {
        Handle cancel = table.prepareCancel(handle);
        start(bus, cancel, Link.NONE);
      }
    }
  }

  private void check(int result) throws IOException {
    BusException first = failure;
    if (first == null && result < 0) {
      first = BusException.of("submit", "the bus", result, null);
      failure = first;
      throw first;
    }
    if (first != null) {
      throw new IOException("the bus has failed before and can only be closed", first);
    }
  }
}
