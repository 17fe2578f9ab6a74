package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Link;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// How the callers of a [SharedBus] share one ring without a thread of its own: the caller runs.
///
/// A caller submits under the submit lock. If its result is not there it tries to take the role
/// of the *reaper*, who alone reads the completion queue, marks slots and wakes their callers.
/// Whoever finds the role taken parks. A reaper whose own results have arrived lays the role down
/// and wakes one waiter to take it up.
///
/// Invariants.
/// 1. The completion queue is read only by the holder of the role.
/// 2. Whenever operations are pending and the role is free, some task is on its way to look at
///    the role: the reaper frees the role and then reads `pending`; a waiter registers and then
///    reads its count and the role; whoever leaves with the role free and operations pending
///    wakes another.
/// 3. All shared busses of a JVM together hold at most parallelism − 1 carriers of virtual threads
///    in a native wait, and none when parallelism is 1; a virtual reaper waits at most 1 ms, then
///    the platform reaper takes over.
///
/// Handing each operation to a thread of the bus instead was measured: 22 to 30 times slower for
/// cached data and 2.5 times at one direct read in flight, because two idle processors must be
/// woken for each operation.
///
/// Thread-safe.
final class Reaping {

  private static final long VIRTUAL_WAIT_NANOS = 1_000_000;

  /// Carriers that reapers on virtual threads hold in a native wait, over all busses.
  private static final AtomicInteger PINNED = new AtomicInteger();

  private final Backend backend;
  private final Scheduler scheduler;
  private final SlotTable slots;
  /// Whether a wait of this backend holds the carrier of a virtual thread.
  private final boolean pins;
  private final int pinnedMax;
  private final CompletionSink sink = this::complete;

  /// Guards [Backend#prepare] and [Backend#submit].
  private final Scheduler.Lock submitLock;

  /// The role: held by whoever reads the completion queue.
  private final AtomicBoolean held = new AtomicBoolean();

  /// Operations given to the backend and not completed.
  private final AtomicInteger pending = new AtomicInteger();

  /// Waiting callers, each under the index of a slot that it holds.
  private final AtomicReferenceArray<@Nullable Call> waiting;

  /// Where the last search for a waiter ended; a hint.
  private int searchFrom;

  private volatile @Nullable Throwable failure;

  // Owned by the holder of the role.
  private final int[] cancelled;
  private int cancelledCount;

  // The platform reaper.
  private final AtomicBoolean reaperStarted = new AtomicBoolean();
  private volatile Scheduler.@Nullable Task reaper;
  private volatile boolean stopped;
  private volatile boolean reaperEnded;
  private volatile Scheduler.@Nullable Task stopper;

  Reaping(Backend backend, Scheduler scheduler, SlotTable slots, boolean pins) {
    this.backend = backend;
    this.scheduler = scheduler;
    this.slots = slots;
    this.pins = pins;
    this.pinnedMax = scheduler.parallelism() - 1;
    this.submitLock = scheduler.newLock();
    this.waiting = new AtomicReferenceArray<>(slots.capacity());
    this.cancelled = new int[slots.capacity()];
  }

  int pending() {
    return pending.get();
  }

  /// Gives the operations of `count` slots to the backend in one submission.
  ///
  /// @throws IllegalArgumentException when the backend refuses an argument; that slot and those
  ///     after it are then not pending
  void submit(Slot[] run, int count) throws IOException {
    int prepared = 0;
    submitLock.lock();
    try {
      throwIfFailed();
      for (; prepared < count; prepared++) {
        Slot slot = run[prepared];
        pending.incrementAndGet();
        slot.pending = true;
        backend.prepare(slot.request);
      }
    } catch (IllegalArgumentException e) {
      pending.decrementAndGet();
      run[prepared].pending = false;
      throw e;
    } finally {
      // What was prepared is in the queue already and must go, even when a later one was refused.
      try {
        if (prepared > 0) {
          submitPrepared();
        }
      } finally {
        submitLock.unlock();
      }
    }
  }

  /// As [#submit(Slot[], int)] for one operation.
  void submit(Slot slot) throws IOException {
    submitLock.lock();
    try {
      throwIfFailed();
      pending.incrementAndGet();
      slot.pending = true;
      try {
        backend.prepare(slot.request);
      } catch (IllegalArgumentException e) {
        pending.decrementAndGet();
        slot.pending = false;
        throw e;
      }
      submitPrepared();
    } finally {
      submitLock.unlock();
    }
  }

  private void submitPrepared() throws IOException {
    int result = backend.submit();
    if (result < 0) {
      fail(BusException.of("submit", "the ring", result, null));
      throwIfFailed();
    }
  }

  /// Waits until `target` results of `call` have arrived, and reaps for all meanwhile.
  ///
  /// @param key index of a slot that the caller holds until this returns
  void await(Call call, int target, int key) throws IOException {
    boolean virtual = pins && call.task != null && call.task.isVirtual();
    while (call.completed < target) {
      throwIfFailed();
      if (mayReap(virtual)) {
        if (!held.compareAndSet(false, true)) {
          unpin(virtual);
          park(call, target, key, true);
        } else if (!reapAsCaller(call, target, virtual)) {
          park(call, target, key, false);
        }
      } else {
        park(call, target, key, false);
      }
    }
    passOn();
  }

  /// Parks until woken. With `watchRole` the caller goes on if the role is free; without, it wakes
  /// the platform reaper, who takes the role if it is free.
  private void park(Call call, int target, int key, boolean watchRole) {
    call.target = target;
    call.waiting = true;
    waiting.set(key, call);
    // Registered first, looked after: see invariant 2. The platform reaper, too, is woken after
    // the registration: if it finds the role held, the holder finds this waiter when it leaves.
    boolean goOn = watchRole && !held.get();
    if (!watchRole) {
      wakeReaper();
    }
    if (call.completed < target && failure == null && !goOn) {
      scheduler.park(Long.MAX_VALUE);
    }
    waiting.set(key, null);
    call.waiting = false;
  }

  private boolean mayReap(boolean virtual) {
    if (!virtual) {
      return true;
    }
    while (true) {
      int pinned = PINNED.get();
      if (pinned >= pinnedMax) {
        return false;
      }
      if (PINNED.compareAndSet(pinned, pinned + 1)) {
        return true;
      }
    }
  }

  private void unpin(boolean virtual) {
    if (virtual) {
      PINNED.decrementAndGet();
    }
  }

  /// With the role held. Returns false when a virtual caller waited its millisecond in vain.
  private boolean reapAsCaller(Call call, int target, boolean virtual) throws IOException {
    boolean waitedInVain = false;
    try {
      while (call.completed < target && !waitedInVain && failure == null) {
        int count = reapOnce(virtual ? VIRTUAL_WAIT_NANOS : Long.MAX_VALUE);
        waitedInVain = virtual && count == 0;
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      held.set(false);
      unpin(virtual);
    }
    throwIfFailed();
    return !waitedInVain;
  }

  private int reapOnce(long timeoutNanos) throws IOException {
    int count = backend.await(1, timeoutNanos, sink);
    if (count < 0) {
      throw BusException.of("wait", "the ring", count, null);
    }
    if (cancelledCount > 0) {
      resubmitCancelled();
    }
    return count;
  }

  /// By the holder of the role, for each completion.
  private void complete(long userData, int result, int flags) {
    Slot slot = slots.get((int) userData);
    if (!slot.matches(userData) || !slot.pending) {
      throw new AssertionError("completion " + userData + " belongs to no pending operation");
    }
    if (result == -Errno.ECANCELED && !slot.cancelRequested && slot.request.link == Link.NONE) {
      // The kernel cancels what a thread submitted when that thread ends. Offsets are explicit
      // and nothing has happened, so the operation is simply submitted again, by this task.
      cancelled[cancelledCount++] = slot.index;
      return;
    }
    Call call = slot.call;
    slot.result = result;
    slot.done = true;
    slot.pending = false;
    pending.decrementAndGet();
    if (call != null && call.countOne()) {
      Scheduler.Task task = call.task;
      if (task != null) {
        scheduler.unpark(task);
      }
    }
  }

  private void resubmitCancelled() throws IOException {
    submitLock.lock();
    try {
      for (int i = 0; i < cancelledCount; i++) {
        if (backend.room() == 0) {
          submitPrepared();
        }
        backend.prepare(slots.get(cancelled[i]).request);
      }
      cancelledCount = 0;
      submitPrepared();
    } finally {
      submitLock.unlock();
    }
  }

  /// By whoever leaves or lays the role down: see invariant 2.
  private void passOn() {
    if (pending.get() == 0 || held.get()) {
      return;
    }
    int from = searchFrom;
    int length = waiting.length();
    for (int i = 0; i < length; i++) {
      int at = from + i < length ? from + i : from + i - length;
      Call call = waiting.get(at);
      if (call != null) {
        searchFrom = at + 1 < length ? at + 1 : 0;
        Scheduler.Task task = call.task;
        if (task != null) {
          scheduler.unpark(task);
          return;
        }
      }
    }
  }

  private void wakeReaper() {
    if (reaperStarted.compareAndSet(false, true)) {
      scheduler.start("iobus-reaper", this::reapForOthers);
    } else {
      Scheduler.Task task = reaper;
      if (task != null) {
        scheduler.unpark(task);
      }
    }
  }

  /// The platform reaper: takes the role when virtual threads may not wait themselves, and keeps
  /// it while operations are pending.
  private void reapForOthers() {
    // By itself, before it looks for work: who still finds null here need not wake it.
    reaper = scheduler.currentTask();
    try {
      while (!stopped && failure == null) {
        if (pending.get() > 0 && held.compareAndSet(false, true)) {
          try {
            while (pending.get() > 0 && failure == null) {
              reapOnce(Long.MAX_VALUE);
            }
          } finally {
            held.set(false);
          }
        } else if (pending.get() == 0 || held.get()) {
          // Whoever lays the role down while operations are pending wakes a waiter, and a waiter
          // that may not reap wakes this task, whose permit is then kept.
          scheduler.park(Long.MAX_VALUE);
        }
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      reaperEnded = true;
      Scheduler.Task waiter = stopper;
      if (waiter != null) {
        scheduler.unpark(waiter);
      }
    }
  }

  /// Ends the platform reaper and waits for it. Nothing is pending, or the bus has failed.
  void stop() {
    stopped = true;
    if (!reaperStarted.get()) {
      return;
    }
    stopper = scheduler.currentTask();
    backend.wakeup();
    while (!reaperEnded) {
      wakeReaper();
      scheduler.park(scheduler.nanoTime() + 10_000_000);
    }
  }

  /// Ends the bus for everybody: each waiter gets `cause`. The first failure is kept.
  void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
    slots.close();
    for (int i = 0; i < waiting.length(); i++) {
      Call call = waiting.get(i);
      if (call != null && call.task != null) {
        scheduler.unpark(call.task);
      }
    }
    backend.wakeup();
  }

  @Nullable Throwable failure() {
    return failure;
  }

  void throwIfFailed() throws IOException {
    Throwable cause = failure;
    if (cause != null) {
      throw new IOException(
          "the bus has failed; the outcome of operations in flight is unknown", cause);
    }
  }

  /// Whether a result asks for the same operation once more.
  static boolean isRetry(int result) {
    return result == -Errno.EAGAIN || result == -Errno.EINTR;
  }
}
