package dev.iobus.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Who runs. One task has the baton; at each switch point it draws from the seed who has it next.
///
/// Time passes a little at each switch point, and jumps to the next event when no task can run.
///
/// Each task has a virtual thread, the root task too: to hand the baton over is a park and an unpark
/// of those, which is some ten times as cheap as between threads of the operating system.
///
/// Invariants.
/// 1. Only the holder of the baton reads or writes the state of a simulation; [#foreign] alone is
///    written by others.
/// 2. The random numbers, and so everything, depend on the seed and on what tasks do, and never on
///    real time or on threads.
/// 3. When a simulation ends, its tasks are ended one after the other, each at the place where it
///    waits, and the root task last.
final class Baton {

  /// A task that runs for so long in real time without a switch point is reported.
  private static final long STUCK_NANOS = 10_000_000_000L;

  /// So long, in real time, a simulation in which no task can run waits for a thread outside of it,
  /// which may wake a bus up and nothing else.
  private static final long OUTSIDE_NANOS = 2_000_000_000L;

  private static final ThreadLocal<@Nullable SimTask> CURRENT = new ThreadLocal<>();

  private final long seed;
  private final SplittableRandom random;
  private final Trace trace = new Trace();
  private final SimEvents events = new SimEvents();
  private final List<SimTask> alive = new ArrayList<>();
  private final List<SimTask> runnable = new ArrayList<>();
  /// In how many of 8 cases a task that could go on does so.
  private final int stickiness;

  /// What threads outside of the simulation want to be done.
  private final Queue<Runnable> foreign = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Thread waiter;

  private @Nullable SimTask root;
  private int started;
  /// Read by the thread that watches the simulation.
  private volatile long switches;
  private long switchPoints;
  private long switchPointsMax = Long.MAX_VALUE;
  private long nowNanos;
  private boolean ending;
  private @Nullable Throwable failure;

  Baton(long seed) {
    this.seed = seed;
    random = new SplittableRandom(seed);
    stickiness = random.nextInt(8);
  }

  Trace trace() {
    return trace;
  }

  SplittableRandom random() {
    return random;
  }

  long nowNanos() {
    return nowNanos;
  }

  void pass(long nanos) {
    nowNanos += nanos;
  }

  long switches() {
    return switches;
  }

  void limit(long count) {
    switchPointsMax = count;
  }

  /// Tasks that have not ended.
  int tasks() {
    return alive.size();
  }

  boolean isEnding() {
    return ending;
  }

  /// The calling task.
  ///
  /// @throws IllegalStateException on a thread that is no task of this simulation
  SimTask self() {
    SimTask task = CURRENT.get();
    if (task == null || task.baton != this || task.ended) {
      throw new IllegalStateException(
          "thread " + Thread.currentThread().getName() + " is no task of this simulation;"
              + " use SimScheduler.run and Scheduler.start");
    }
    return task;
  }

  /// Whether the calling thread is a task of this simulation that may touch its state.
  boolean isTask() {
    SimTask task = CURRENT.get();
    return task != null && task.baton == this;
  }

  // Life of the simulation.

  /// What the root task does.
  @FunctionalInterface
  interface Body {
    @SuppressWarnings("ThrowsThrowable") // It is handed to the caller as it is.
    void run() throws Throwable;
  }

  /// Runs a body as the root task, then ends all other tasks. The calling thread waits and watches.
  ///
  /// @param virtual whether the root task counts as a virtual thread
  /// @return what the body has thrown, or null
  @Nullable Throwable run(boolean virtual, Body body) {
    if (CURRENT.get() != null || root != null) {
      throw new IllegalStateException("a simulation runs already");
    }
    SimTask task = new SimTask(this, started++, "root", virtual);
    @Nullable Throwable[] thrown = new @Nullable Throwable[1];
    Thread thread =
        Thread.ofVirtual().name("sim-root").unstarted(() -> thrown[0] = liveAsRoot(task, body));
    task.runsOn(thread);
    root = task;
    alive.add(task);
    ending = false;
    thread.start();
    watch(thread);
    return thrown[0];
  }

  private @Nullable Throwable liveAsRoot(SimTask task, Body body) {
    CURRENT.set(task);
    Throwable thrown = null;
    try {
      body.run();
    } catch (Throwable t) {
      thrown = t;
    }
    try {
      endOthers();
    } catch (IllegalStateException e) {
      fail(e);
    } finally {
      task.ended = true;
      runnable.clear();
      alive.clear();
      root = null;
    }
    return thrown;
  }

  /// Waits for the root task, and reports a task that does not come to a switch point.
  private void watch(Thread thread) {
    boolean interrupted = false;
    long seen = -1;
    boolean running = true;
    while (running) {
      try {
        running = !thread.join(Duration.ofNanos(STUCK_NANOS));
        if (running && switches == seen) {
          report();
        }
        seen = switches;
      } catch (InterruptedException e) {
        interrupted = true; // The simulation goes on: real time has no place in it.
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("SystemOut") // Somebody must hear of it while nothing else can be done.
  private void report() {
    System.err.println("a task has not come to a switch point for 10 s; " + dump());
  }

  SimTask start(String name, boolean virtual, Runnable body) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(body, "body");
    SimTask task = new SimTask(this, started++, name, virtual);
    Thread thread =
        Thread.ofVirtual()
            .name("sim-" + task.id + "-" + name)
            .unstarted(() -> live(task, body));
    task.runsOn(thread);
    alive.add(task);
    runnable.add(task);
    thread.start();
    return task;
  }

  private void live(SimTask task, Runnable body) {
    CURRENT.set(task);
    task.awaitTurn(Long.MAX_VALUE);
    try {
      if (!ending) {
        body.run();
      }
    } catch (Ended e) {
      // As it was meant to.
      assert ending;
    } catch (Throwable t) {
      if (!ending) { // What a task throws while it unwinds says nothing.
        fail(t);
      }
    } finally {
      task.ended = true;
      alive.remove(task);
      runnable.remove(task);
      if (ending) {
        rootTask().giveTurn();
      } else {
        pick().giveTurn();
      }
    }
  }

  private SimTask rootTask() {
    SimTask task = root;
    assert task != null : "no simulation runs";
    return task;
  }

  /// Notes the first failure of the simulation itself or of a task, which ends it.
  void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
    } else if (!failure.equals(cause)) {
      failure.addSuppressed(cause);
    }
    ending = true;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  /// From now on every wait of every task ends it.
  void end() {
    ending = true;
  }

  /// By the root task: lets each of the others unwind.
  private void endOthers() {
    ending = true;
    SimTask self = rootTask();
    while (alive.size() > 1) {
      SimTask other = alive.getLast() == self ? alive.getFirst() : alive.getLast();
      if (other == self) {
        return;
      }
      other.giveTurn();
      if (!self.awaitTurn(STUCK_NANOS)) {
        throw new IllegalStateException(
            other + " does not end; " + dump(), failure);
      }
    }
  }

  // Switch points.

  /// Counts one, and ends a task whose simulation has ended.
  private SimTask arrive() {
    SimTask self = self();
    switchPoints++;
    if (switchPoints > switchPointsMax && !ending) {
      fail(
          new IllegalStateException(
              "no end after " + switchPointsMax + " switch points; " + dump()));
    }
    if (ending) {
      endSelf(self);
    }
    return self;
  }

  /// Lets others run, or not.
  void switchPoint() {
    SimTask self = arrive();
    if (alive.size() == 1 || random.nextInt(8) < stickiness) {
      nowNanos += 50;
      fireDue();
      if (ending) {
        endSelf(self);
      }
      return;
    }
    runnable.add(self);
    handOver(self);
  }

  /// Waits until [#wake] or the deadline.
  ///
  /// @param deadlineNanos [Long#MAX_VALUE] for none
  void block(String why, long deadlineNanos) {
    SimTask self = arrive();
    self.blocked = true;
    self.waitsFor = why;
    long wait = ++self.wait;
    if (deadlineNanos != Long.MAX_VALUE) {
      events.add(
          Math.max(nowNanos, deadlineNanos),
          () -> {
            if (self.wait == wait) {
              wake(self);
            }
          });
    }
    handOver(self);
  }

  /// Makes a task that is blocked one that can run.
  void wake(SimTask task) {
    if (task.blocked && !task.ended) {
      task.blocked = false;
      runnable.add(task);
    }
  }

  void at(long nanos, Runnable action) {
    events.add(nanos, action);
  }

  private void handOver(SimTask self) {
    SimTask next = pick();
    if (next != self) {
      next.giveTurn();
      self.awaitTurn(Long.MAX_VALUE);
    }
    self.waitsFor = "";
    if (ending) {
      endSelf(self);
    }
  }

  /// Who runs next. Fires what is due; waits for other threads when nothing else can happen.
  private SimTask pick() {
    switches++;
    nowNanos += 1 + random.nextInt(1000);
    fireDue();
    while (runnable.isEmpty() && !ending) {
      long next = events.nextNanos();
      if (next != Long.MAX_VALUE) {
        nowNanos = Math.max(nowNanos, next);
        fireDue();
      } else if (!awaitForeign()) {
        fail(new IllegalStateException("no task can run; " + dump()));
      }
    }
    if (ending) {
      return rootTask();
    }
    SimTask next = runnable.remove(random.nextInt(runnable.size()));
    trace.add(next.id, nowNanos);
    return next;
  }

  private void fireDue() {
    for (Runnable wish = foreign.poll(); wish != null; wish = foreign.poll()) {
      wish.run();
    }
    while (!ending && events.nextNanos() <= nowNanos) {
      try {
        events.remove().run();
      } catch (RuntimeException | AssertionError e) {
        fail(e);
      }
    }
  }

  /// At the end of a simulation: the root waits until all others have unwound, then unwinds too.
  private void endSelf(SimTask self) {
    if (self == root) {
      endOthers();
    }
    throw new Ended("the simulation has ended");
  }

  // Threads from outside.

  /// Has something done by the holder of the baton. From any thread.
  void foreign(Runnable wish) {
    foreign.add(wish);
    Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
  }

  private boolean awaitForeign() {
    waiter = Thread.currentThread();
    long start = System.nanoTime();
    boolean interrupted = false;
    while (foreign.isEmpty() && System.nanoTime() - start < OUTSIDE_NANOS) {
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(100));
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    waiter = null;
    boolean came = !foreign.isEmpty();
    fireDue();
    return came;
  }

  private String dump() {
    StringBuilder text = new StringBuilder("seed ").append(seed).append(", tasks:");
    for (SimTask task : List.copyOf(alive)) {
      text.append("\n  ").append(task);
      if (task.blocked) {
        text.append(" waits for ").append(task.waitsFor);
      }
      for (StackTraceElement frame : task.thread().getStackTrace()) {
        text.append("\n    at ").append(frame);
      }
    }
    return text.toString();
  }
}
