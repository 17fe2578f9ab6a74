package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.backend.CompletionSink;
import dev.iobus.backend.Link;
import dev.iobus.events.BusEvents;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/// How callers of a [SharedBus] share one of its rings without a thread of its own: the caller runs.
///
/// A caller adds its operation to the [Submissions]. If its result is not there it tries to take
/// the role of the *reaper*, who submits for all, alone reads the completion queue, marks slots and
/// wakes their callers. Whoever finds the role taken parks, after it has submitted itself if the
/// reaper sleeps. A reaper whose own results have arrived lays the role down and wakes one waiter to
/// take it up.
///
/// A reaper on a virtual thread that has woken others lets them run before it waits: they need the
/// carrier that its wait would hold, and it then finds their next operations and submits them with
/// one system call. So many callers on virtual threads become an event loop, with one system call
/// for a batch and no switch between threads of the operating system.
///
/// ```
///             caller whose operation is not done
///   FREE ───────────────────────────────────────────► ACTIVE ◄──────────────┐
///     ▲                                                │ │ │                │ woken, or let run
///     └────────── own results there ───────────────────┘ │ └─► ASLEEP ──────┤
///                                                        └───► YIELDED ─────┘
/// ```
///
/// Invariants.
/// 1. The completion queue is read only by the holder of the role.
/// 2. Whenever operations are pending and the role is free, some task is on its way to look at
///    the role: the reaper frees the role and then reads `pending`; a waiter registers and then
///    reads its count and the role; whoever leaves with the role free and operations pending
///    wakes another.
/// 3. What is added is submitted as soon as it has room: a reaper that is ACTIVE looks at the
///    submissions after it has announced any other state, and a caller that finds any other state
///    after it has added submits itself or takes the role; YIELDED is the exception, as that reaper
///    comes back. Room comes with results: who passed them on looks at the submissions, or wakes a
///    waiter who takes the role and does (invariant 2).
/// 4. All rings of all shared busses of a JVM together hold at most parallelism − 1 carriers of virtual threads
///    in a native wait, and none when parallelism is 1; a virtual reaper waits at most 1 ms, then
///    the platform reaper takes over until a result has come.
/// 5. Where a wait holds the carrier, no platform thread waits for a virtual one to be scheduled: it
///    takes the role from one that is YIELDED, and a virtual reaper lays the role down when a
///    platform thread waits.
///
/// Handing each operation to a thread of the bus instead was measured: 22 to 30 times slower for
/// cached data and 2.5 times at one direct read in flight, because two idle processors must be
/// woken for each operation.
///
/// Thread-safe.
final class Reaping {

  private static final long VIRTUAL_WAIT_NANOS = 1_000_000;

  /// So many callers on virtual threads in a row go on with results of their own reaping that none of them
  /// had to wait for. The next one first lets others run: without that, two threads had all reads of a device that
  /// answers at once, and a thousand others none.
  private static final int TURNS_MAX = 16;

  private static final int FREE = 0;
  /// The holder runs and looks at the submissions before it does anything else.
  private static final int ACTIVE = 1;
  /// The holder is in a native wait, or about to be.
  private static final int ASLEEP = 2;
  /// The holder, a virtual thread, lets others run.
  private static final int YIELDED = 3;

  /// Carriers that reapers on virtual threads hold in a native wait, over all busses.
  private static final AtomicInteger PINNED = new AtomicInteger();

  /// For whom a caller laid the role down: for the last two before its own results had arrived.
  private enum Leaving {
    FOR_NOTHING,
    FOR_OTHERS_TO_RUN,
    FOR_PLATFORM_CALLER,
    FOR_PLATFORM_REAPER
  }

  private final Backend backend;
  private final Scheduler scheduler;
  private final SlotTable slots;
  private final Submissions submissions;
  private final BusFailure failure;
  /// Whether a wait of this backend holds the carrier of a virtual thread.
  private final boolean pins;
  private final int pinnedMax;
  private final CompletionSink sink = this::complete;
  private final PlatformReaper platformReaper;

  private final AtomicInteger role = new AtomicInteger(FREE);

  /// Operations that were added and not completed.
  private final AtomicInteger pending = new AtomicInteger();

  private final Waiters waiters;

  // Owned by the holder of the role.
  private boolean asleep;
  /// Whether callers were woken since others were last let run.
  private boolean wokeOthers;
  /// Callers that went on since others could last run.
  private int turns;

  Reaping(
      Backend backend,
      Scheduler scheduler,
      SlotTable slots,
      Submissions submissions,
      BusFailure failure,
      boolean pins) {
    this.backend = backend;
    this.scheduler = scheduler;
    this.slots = slots;
    this.pins = pins;
    this.pinnedMax = scheduler.parallelism() - 1;
    this.submissions = submissions;
    this.failure = failure;
    this.waiters = new Waiters(scheduler, slots.capacity());
    this.platformReaper = new PlatformReaper(scheduler, this::reapForOthers, failure::struckBy);
  }

  int pending() {
    return pending.get();
  }

  /// Waits for a free slot.
  ///
  /// @throws IOException when the bus has failed
  /// @throws IllegalStateException when it is closed
  Slot acquire() throws IOException {
    try {
      return slots.acquire();
    } catch (IllegalStateException e) {
      failure.throwIfPresent(); // A failure closes the slots, too, and is what the caller must hear of.
      throw e;
    }
  }

  /// Gives a slot back that is not pending.
  void release(Slot slot) {
    try {
      slots.release(slot);
    } catch (RuntimeException | Error t) {
      // The slot may be lost, or nobody told of it who waits for one.
      if (!backend.hasEnded()) {
        failure.set(t);
      }
      throw t;
    }
  }

  /// Gives an operation away; it is submitted at the latest when the caller awaits it.
  ///
  /// @throws IOException when the bus has failed; the operation is not pending then
  void submit(Slot slot) throws IOException {
    failure.throwIfPresent();
    try {
      slot.pending = true;
      pending.incrementAndGet();
      submissions.add(slot);
    } catch (RuntimeException | Error t) {
      throw failure.struckBy(t);
    }
  }

  /// As [#submit(Slot)] for two that nothing comes between, of which the first one's request is
  /// linked to the other's. There is room for two in flight.
  void submit(Slot slot, Slot tied) throws IOException {
    failure.throwIfPresent();
    try {
      slot.tied = tied;
      tied.isTied = true;
      slot.pending = true;
      tied.pending = true;
      pending.addAndGet(2);
      submissions.add(slot);
    } catch (RuntimeException | Error t) {
      throw failure.struckBy(t);
    }
  }

  /// As [#submit(Slot)] for several.
  ///
  /// @param goesOn whether the caller does something else before it waits: the operations are on
  ///     their way to the device then, as far as there is room
  void submit(Slot[] run, int count, boolean goesOn) throws IOException {
    failure.throwIfPresent();
    try {
      pending.addAndGet(count);
      for (int i = 0; i < count; i++) {
        run[i].pending = true;
        submissions.add(run[i]);
      }
    } catch (RuntimeException | Error t) {
      throw failure.struckBy(t);
    }
    if (goesOn && role.get() != ACTIVE) {
      flush();
    }
  }

  private void flush() throws IOException {
    Throwable cause = null;
    try {
      int result = submissions.flush();
      if (result < 0) {
        cause = BusException.of("submit", "the ring", result, null);
      }
    } catch (RuntimeException | Error e) {
      cause = e;
    }
    if (cause != null) {
      failure.set(cause);
      failure.throwIfPresent();
    }
  }

  /// Waits until `target` results of `call` have arrived, and reaps for all meanwhile.
  ///
  /// @param key index of a slot that the caller holds until this returns
  void await(Call call, int target, int key) throws IOException {
    try {
      awaitResults(call, target, key);
    } catch (RuntimeException | Error t) {
      throw failure.struckBy(t);
    }
  }

  private void awaitResults(Call call, int target, int key) throws IOException {
    boolean virtual = pins && call.task != null && call.task.isVirtual();
    while (call.completed < target) {
      failure.throwIfPresent();
      int now = role.get();
      if (isOpenTo(virtual, now)) {
        if (role.compareAndSet(now, ACTIVE)) {
          Leaving leaving = reapAsCaller(call, target, virtual);
          switch (leaving) {
            case FOR_NOTHING -> {}
            case FOR_OTHERS_TO_RUN -> {
              passOn();
              scheduler.yield();
            }
            case FOR_PLATFORM_CALLER, FOR_PLATFORM_REAPER ->
                park(call, target, key, virtual, leaving);
          }
        }
      } else {
        if (now == ASLEEP || submissions.isDue()) {
          flush();
        }
        park(call, target, key, virtual, Leaving.FOR_NOTHING);
      }
    }
    passOn();
  }

  private static boolean isOpenTo(boolean virtual, int role) {
    return role == FREE || (role == YIELDED && !virtual);
  }

  /// Parks until woken. Whoever has not just laid the role down for somebody goes on if it can take
  /// the role.
  private void park(Call call, int target, int key, boolean virtual, Leaving leaving) {
    call.target = target;
    call.waiting = true;
    waiters.add(key, call, virtual);
    // Registered first, looked after: see invariant 2. Others, too, are woken after the
    // registration: if they find the role held, the holder finds this waiter when it leaves.
    boolean goOn = false;
    switch (leaving) {
      case FOR_NOTHING, FOR_OTHERS_TO_RUN -> goOn = isOpenTo(virtual, role.get());
      case FOR_PLATFORM_CALLER -> passOn();
      case FOR_PLATFORM_REAPER -> platformReaper.wake();
    }
    if (call.completed < target && !failure.isPresent() && !goOn) {
      scheduler.park(Long.MAX_VALUE);
    }
    waiters.remove(key, virtual);
    call.waiting = false;
  }

  /// With the role held by a caller, which loses it or lays it down.
  private Leaving reapAsCaller(Call call, int target, boolean virtual) throws IOException {
    boolean holds = true;
    Leaving leaving = Leaving.FOR_NOTHING;
    try {
      while (holds && leaving == Leaving.FOR_NOTHING && !failure.isPresent()) {
        flush();
        check(backend.drain(sink));
        if (call.completed >= target) {
          leaving = leaveAfterTurn(virtual);
          break;
        }
        if (!virtual) {
          sleep(Long.MAX_VALUE);
        } else if (waiters.hasPlatform()) {
          leaving = Leaving.FOR_PLATFORM_CALLER;
        } else if (wokeOthers) {
          holds = letOthersRun();
        } else if (!sleepPinned()) {
          leaving = Leaving.FOR_PLATFORM_REAPER;
        }
      }
    } catch (Throwable t) {
      failure.set(t);
    } finally {
      if (holds) {
        role.set(FREE);
      }
    }
    failure.throwIfPresent();
    return leaving;
  }

  private Leaving leaveAfterTurn(boolean virtual) {
    if (!virtual || ++turns < TURNS_MAX) {
      return Leaving.FOR_NOTHING;
    }
    turns = 0;
    return Leaving.FOR_OTHERS_TO_RUN;
  }

  /// Returns whether the role is still held afterwards.
  private boolean letOthersRun() {
    wokeOthers = false;
    turns = 0;
    role.set(YIELDED);
    // Announced first, looked after: see invariant 5.
    if (!waiters.hasPlatform()) {
      scheduler.yield();
    }
    return role.compareAndSet(YIELDED, ACTIVE);
  }

  /// On a virtual thread. Returns false when it must not wait, or waited in vain.
  private boolean sleepPinned() throws IOException {
    int pinned = PINNED.get();
    while (pinned < pinnedMax && !PINNED.compareAndSet(pinned, pinned + 1)) {
      pinned = PINNED.get();
    }
    if (pinned >= pinnedMax) {
      return false;
    }
    try {
      return sleep(VIRTUAL_WAIT_NANOS) > 0;
    } finally {
      PINNED.decrementAndGet();
    }
  }

  /// Waits for a result and passes on all that are there. Returns how many.
  private int sleep(long timeoutNanos) throws IOException {
    asleep = true;
    turns = 0; // Others had their time on the other carriers.
    role.set(ASLEEP);
    flush(); // What was added by those who still saw ACTIVE.
    int count = check(backend.await(1, timeoutNanos, sink));
    awake();
    return count;
  }

  private void awake() {
    if (asleep) {
      asleep = false;
      role.set(ACTIVE);
    }
  }

  private static int check(int count) throws IOException {
    if (count < 0) {
      throw BusException.of("wait", "the ring", count, null);
    }
    return count;
  }

  /// By the holder of the role, for each completion.
  private void complete(long userData, int result, int flags) {
    awake();
    Slot slot = submissions.ended(userData);
    if (result == -Errno.ECANCELED
        && !slot.cancelRequested
        && !slot.isTied
        && slot.request.link == Link.NONE) {
      // The kernel cancels what a thread submitted when that thread ends. Offsets are explicit
      // and nothing has happened, so the operation is simply submitted again, by another.
      submissions.add(slot);
      return;
    }
    Call call = slot.call;
    slot.result = result;
    if (slot.event != null) {
      BusEvents.end(slot.event);
    }
    slot.done = true;
    slot.pending = false;
    pending.decrementAndGet();
    if (call != null && call.countOne()) {
      Scheduler.Task task = call.task;
      if (task != null) {
        wokeOthers = true;
        scheduler.unpark(task);
      }
    }
  }

  /// By whoever leaves or lays the role down: see invariant 2.
  private void passOn() {
    if (pending.get() > 0 && role.get() == FREE) {
      waiters.wakeOne(slots.size());
    }
  }

  /// The platform reaper, each time it was woken: waits where virtual threads may not, until a
  /// result has come, whose caller is likely to take the role; or as long as operations are pending
  /// where no virtual thread may ever wait.
  private void reapForOthers() {
    if (pending.get() == 0) {
      return;
    }
    if (!failure.isPresent()) { // Else what is pending may never end.
      if (!role.compareAndSet(FREE, ACTIVE)) {
        return;
      }
      reapUntilResult();
    }
    try {
      failure.tellIfUntold();
      passOn();
    } catch (Throwable t) {
      failure.set(t);
    }
  }

  private void reapUntilResult() {
    try {
      do {
        flush();
        sleep(Long.MAX_VALUE);
      } while (pinnedMax == 0 && pending.get() > 0 && !failure.isPresent());
    } catch (Throwable t) {
      failure.set(t);
    } finally {
      wokeOthers = false;
      role.set(FREE);
    }
  }

  /// Ends the platform reaper and waits for it. Nothing is pending, or the bus has failed.
  void stop() {
    backend.wakeup();
    platformReaper.stop();
  }

  /// By a failure of the bus, on this ring or another: wakes everybody who waits here, and refuses who
  /// comes to wait.
  void endForFailure() {
    try {
      slots.close();
    } finally {
      wakeForFailure();
    }
  }

  private void wakeForFailure() {
    try {
      waiters.wakeAll();
    } finally {
      backend.wakeup(); // Whoever sleeps in it holds the role, and wakes others when it leaves.
    }
  }
}
