package dev.iobus;

import dev.iobus.backend.Link;
import dev.iobus.backend.Op;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a [Bus] does with operations that are prepared: enqueues and submits them, dispatches their
/// results, ends them or has them done again.
///
/// Confined to the bus thread.
abstract sealed class QueueOperations extends NetworkOperations permits Bus {

  /// This bus.
  abstract Bus self();

  /// All handles.
  abstract HandleTable table();

  abstract Placing placing();

  /// The operations between `enqueue` and `dispatch`.
  abstract InFlight flight();

  /// Whether another bus may poll this one, so that it has to be told of what is ready.
  abstract boolean isPolled();

  /// @throws IllegalStateException on another thread than the owner's
  abstract void checkOwner();

  /// @throws IllegalArgumentException for a handle of another bus
  abstract void checkMine(Handle handle);

  /// Prepares to end an operation early. It can always be prepared, also when all handles are in
  /// use, and it is idempotent: while the cancel of an operation is in use, the same handle is
  /// given again, and enqueueing it again does nothing.
  ///
  /// The target has its own result: its true one if it could not be stopped, or a
  /// [CancelledException].
  ///
  /// @throws IllegalStateException if the target is not in use, or was not enqueued
  public Handle cancel(Handle target) {
    checkOpen();
    checkMine(target);
    if (target.op == Op.CANCEL && target.state() != Handle.State.IDLE) {
      throw new IllegalArgumentException("a cancel cannot be cancelled");
    }
    if (target.state() == Handle.State.IDLE || target.state() == Handle.State.PREPARED) {
      throw new IllegalStateException(target + " is not in flight");
    }
    return table().prepareCancel(target);
  }

  /// Cancels every operation on a file that is in flight, as [#cancel] does; the cancels have no
  /// results. Idempotent. On an open file that was registered it is those through its slots, too; on
  /// a registered one, those in its slot alone.
  ///
  /// @return how many operations on it were in flight
  public int cancelAll(BusFile file) throws IOException {
    checkOpen();
    checks().file(file);
    return flight().cancels().all(self(), Objects.requireNonNull(file));
  }

  /// Cancels every operation in flight, as [#cancelAll(BusFile)].
  public int cancelAll() throws IOException {
    checkOpen();
    return flight().cancels().all(self(), null);
  }

  /// Gives back a handle that was prepared and will not be enqueued.
  public void discard(Handle handle) {
    checkOwner();
    checkMine(handle);
    Bus.checkState(handle, Handle.State.PREPARED);
    handle.releaseBuffer();
    if (handle.op == Op.OPEN_REGISTERED) {
      discardOpened(handle);
    }
    table().free(handle);
  }

  /// Puts an operation into the queue for the next submission.
  ///
  /// @throws IllegalStateException if it is not freshly prepared, or its file or the arena of its memory
  ///     is closed
  /// @throws IOException if the queue was full and could not be submitted
  public void enqueue(Handle handle) throws IOException {
    checkOpen();
    placing().place(self(), handle);
  }

  /// Puts operations into the queue for the next submission: all of them, or none where one is
  /// not fit.
  public void enqueue(Handle... handles) throws IOException {
    place(handles, Link.NONE);
  }

  /// Enqueues operations that run one after the other. A failure or a short transfer cancels
  /// those after it.
  ///
  /// @throws IllegalArgumentException if these and their deadlines are more than [Bus#runMax()], or one
  ///     is a full transfer, has many results or is a cancel
  public void chain(Handle... handles) throws IOException {
    place(handles, Link.CHAIN);
  }

  /// Enqueues operations that run one after the other, whatever the result of each. (Unrelated to
  /// [java.io.Serializable].)
  ///
  /// @throws IllegalArgumentException if these and their deadlines are more than [Bus#runMax()], or one
  ///     is a full transfer, has many results or is a cancel
  public void serialize(Handle... handles) throws IOException {
    place(handles, Link.SERIALIZE);
  }

  /// Enqueues an operation that runs alone: it starts when every operation that was enqueued before
  /// it has ended, and those enqueued after it start when it has ended. Operations with many
  /// results and cancels are not waited for and do not wait.
  public void drain(Handle handle) throws IOException {
    checkOpen();
    placing().drainThen(self(), handle);
  }

  /// Gives the queue to the operating system.
  public void submit() throws IOException {
    checkOpen();
    flight().resume();
    flight().waits().submit();
  }

  /// Enqueues an operation and gives the queue to the operating system.
  public void submit(Handle handle) throws IOException {
    enqueue(handle);
    submit();
  }

  /// Enqueues operations and gives the queue to the operating system.
  public void submit(Handle... handles) throws IOException {
    place(handles, Link.NONE);
    submit();
  }

  /// Submits the queue, waits for one result and runs its callback. A wake-up does not end this
  /// wait; it is kept for the next wait with a timeout.
  ///
  /// @throws IllegalStateException if nothing is in flight, so that there is nothing to wait for
  public Result dispatch() throws IOException {
    checkOpen();
    InFlight flight = flight();
    if (flight.results().isEmpty() && flight.count() == 0) {
      throw new IllegalStateException("nothing is in flight");
    }
    flight.waits().await(1, Long.MAX_VALUE, false);
    return next().result;
  }

  /// Submits the queue, waits at most `timeoutNanos` for one result and runs its callback.
  ///
  /// @param timeoutNanos 0: do not wait; [Long#MAX_VALUE]: no limit
  /// @return null after the timeout or a [Bus#wakeup()]
  public @Nullable Result dispatch(long timeoutNanos) throws IOException {
    checkOpen();
    flight().waits().await(1, timeoutNanos, true);
    return flight().results().isEmpty() ? null : next().result;
  }

  /// Submits the queue, waits until `minimum` results are there, the time has passed or
  /// [Bus#wakeup()] was called, and passes up to `maximum` of those that are there to the sink.
  ///
  /// While fewer than `minimum` are in flight, only the time and other threads end the wait: without
  /// a limit it may be for ever.
  ///
  /// @param minimum 0: do not wait
  /// @param maximum at least 1 and at least `minimum`
  /// @param timeoutNanos 0 or less: do not wait; [Long#MAX_VALUE]: no limit
  /// @return the number of results passed
  public int dispatch(int minimum, int maximum, long timeoutNanos, ResultSink sink)
      throws IOException {
    checkBatch(minimum, maximum);
    Objects.requireNonNull(sink, "sink");
    ResultWaits waits = flight().waits();
    if (isPolled()) {
      waits.await(minimum, timeoutNanos, true); // What is ready meanwhile has to be told of.
      return pass(maximum, sink);
    }
    int passed = waits.await(minimum, maximum, timeoutNanos, sink);
    return passed + pass(maximum - passed, sink);
  }

  /// As [#dispatch(int, int, long, ResultSink)], to a visitor, which says of each operation what
  /// becomes of it. In place of [#done(Result)] and, for what is done again, of preparing and
  /// enqueueing: the shortest way through a bus. What is to be done again is submitted by the next
  /// `dispatch` or `submit`.
  ///
  /// @param minimum 0: do not wait
  /// @param maximum at least 1 and at least `minimum`
  /// @return the number of results passed
  public int dispatch(int minimum, int maximum, long timeoutNanos, ResultVisitor visitor)
      throws IOException {
    checkBatch(minimum, maximum);
    Objects.requireNonNull(visitor, "visitor");
    ResultWaits waits = flight().waits();
    Visits visits = flight().visits();
    ResultVisitor outer = visits.enter(visitor);
    try {
      if (isPolled()) {
        waits.await(minimum, timeoutNanos, true);
        return pass(maximum, visits);
      }
      int passed = waits.await(minimum, maximum, timeoutNanos, visits);
      return passed + pass(maximum - passed, visits);
    } finally {
      visits.leave(outer);
    }
  }

  private void checkBatch(int minimum, int maximum) {
    if (minimum < 0 || maximum < 1 || maximum < minimum) {
      throw new IllegalArgumentException("minimum " + minimum + ", maximum " + maximum);
    }
    checkOpen();
  }

  /// Submits the queue and waits for a batch, as `io_uring_submit_and_wait_min_timeout(3)` does:
  /// until `batch` results are there, or `minWaitNanos` have passed and one is, or `timeoutNanos`
  /// have passed. Passes up to `maximum` of those that are there to the sink.
  ///
  /// On io_uring the thread is woken once for the batch and not for each result, which saves
  /// processor time for a delay of up to `minWaitNanos`. So long may also pass until [Bus#wakeup()],
  /// a message of [Bus#post(long)] or the next part of a full transfer is seen. Linux 6.12 does all in
  /// one system call; before it, and on other backends, it is a wait for the batch and a second one.
  ///
  /// It pays where many results come one by one. A device that is kept full loses by it: direct reads
  /// of 4 KiB, 32 in flight on a virtual disk that ends 16 at a time, were 136,000 a second with
  /// [#dispatch(int, int, long, ResultSink)] and 118,000 with a batch of 16.
  ///
  /// @param batch at least 1
  /// @param maximum at least `batch`
  /// @param minWaitNanos 0 or more: how long to wait for a whole batch
  /// @param timeoutNanos 0 or more; [Long#MAX_VALUE]: no limit
  /// @return the number of results passed: 0 after the timeout or a wake-up
  public int dispatchMinWait(
      int batch, int maximum, long minWaitNanos, long timeoutNanos, ResultSink sink)
      throws IOException {
    if (batch < 1 || maximum < batch) {
      throw new IllegalArgumentException("batch " + batch + ", maximum " + maximum);
    }
    if (minWaitNanos < 0 || timeoutNanos < 0) {
      throw new IllegalArgumentException(
          "minWaitNanos " + minWaitNanos + " or timeoutNanos " + timeoutNanos + " is negative");
    }
    checkOpen();
    Objects.requireNonNull(sink, "sink");
    flight().waits().awaitBatch(batch, minWaitNanos, timeoutNanos);
    return pass(maximum, sink);
  }

  private int pass(int maximum, ResultSink sink) throws IOException {
    int count = 0;
    while (count < maximum && !flight().results().isEmpty()) {
      count++;
      sink.accept(next().result);
    }
    return count;
  }

  private int pass(int maximum, Visits visits) throws IOException {
    int count = 0;
    while (count < maximum && !flight().results().isEmpty()) {
      count++;
      Handle handle = flight().results().next();
      long userData = handle.userData;
      try {
        called(handle);
      } catch (Throwable t) {
        visits.letGo(handle, userData);
        throw t;
      }
      visits.accept(handle, userData);
    }
    return count;
  }

  /// The handle of the oldest result, after its callback.
  private Handle next() throws IOException {
    Handle handle = flight().results().next();
    called(handle);
    return handle;
  }

  /// Runs the callback of a dispatched result.
  private void called(Handle handle) throws IOException {
    ResultSink callback = handle.callback;
    try {
      if (callback != null) {
        callback.accept(handle.result);
      }
    } finally {
      if (isPolled() && !flight().results().isEmpty()) {
        driver().notice();
      }
    }
  }

  /// Ends the view of a result; after the last one of an operation its handle is free for another.
  /// A file, socket or buffer that the result has brought and nobody asked for is closed or
  /// released.
  public void done(Result result) {
    checkOwner();
    Handle handle = result.handle();
    checkDispatched(handle);
    flight().results().done(handle);
  }

  /// Ends the view of a result and enqueues its operation again, with the same handle: the same file
  /// and memory, attachment, callback and deadline, and the same place in the file unless
  /// [Handle#offset(long)] has set another. It saves what `done`, preparing and `enqueue` cost. It
  /// stands alone, also if it was part of a run or enqueued by [#drain].
  ///
  /// For `nop`, `read`, `write`, `send` and `recv` with one part of memory. After an unchecked
  /// exception the result is as it was, and `done` ends it. What another thread closes during the call is
  /// noticed here, or ends the operation: with EBADF for its file, with EFAULT for the arena of its memory.
  ///
  /// @throws IllegalArgumentException for any other operation
  /// @throws IllegalStateException if `done` was called for the result before, its file or the arena of
  ///     its memory is closed, its [RegisteredBuffer] no longer registered, or a cancel of it is in use
  /// @throws IOException if the queue was full and could not be submitted
  public void rearm(Result result) throws IOException {
    checkOpen();
    Handle handle = result.handle();
    checkDispatched(handle);
    placing().rearm(self(), handle);
  }

  private void place(Handle[] handles, Link link) throws IOException {
    checkOpen();
    placing().place(self(), handles, link);
  }

  private void checkDispatched(Handle handle) {
    checkMine(handle);
    if (!handle.isDispatched()) {
      throw new IllegalStateException("done was called for this result before");
    }
  }
}
