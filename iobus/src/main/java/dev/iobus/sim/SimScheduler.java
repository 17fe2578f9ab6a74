package dev.iobus.sim;

import dev.iobus.FileSystemFacts;
import dev.iobus.HostFacts;
import dev.iobus.HostProcess;
import dev.iobus.Scheduler;
import dev.iobus.backend.SimulatedBackend;
import dev.iobus.backend.SimulatedHost;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A host that lives in one seed: its tasks, its time, its randomness and its disk. Two runs with
/// the same seed do the same, to the last switch between tasks.
///
/// A bus that is opened with this scheduler stands on this host:
///
/// ```java
/// SimDisk disk = new SimDisk();
/// disk.createDirectories(Path.of("/data"));
/// Faults faults = new Faults().losePowerAfter(40);
/// SimScheduler scheduler = new SimScheduler(seed, disk, faults);
/// boolean ended = scheduler.run(() -> {
///   try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(scheduler))) {
///     // … the code that is tested; its threads are started by scheduler.start …
///   }
/// });
/// SimDisk after = ended ? disk : disk.crash(seed); // and check what is there
/// ```
///
/// Each task has a thread of its own, but one alone runs at a time: at each call of this scheduler
/// that may wait, and at each submission and wait of a bus, the seed decides who goes on. Time is
/// virtual: it passes a little at each switch and jumps ahead when every task waits. So a
/// simulation finds errors of order between such calls; races between plain reads and writes it
/// cannot find.
///
/// What the tasks do must depend on nothing but this scheduler: no threads, clocks, random numbers
/// or identity hashes of their own. A task may hold locks of this scheduler while it calls it, and
/// no others. An [Error] that ends a task when the simulation ends must not be swallowed for ever.
///
/// A simulation ends at once when a task throws, when memory that belongs to the kernel was
/// touched, and when no task can run; [#run] then throws an [AssertionError] that names the seed. A
/// task that does not come to a call of this scheduler for 10 s of real time is reported with all
/// stacks.
///
/// Tasks of the simulation call all of it. Other threads call nothing but [#run].
public final class SimScheduler implements Scheduler, SimulatedHost, HostFacts {

  private final long seed;
  private final Baton baton;
  private final SimClock clock;
  private final SimKernel kernel;
  private final int parallelism;
  private int streams;
  private long realNanos;

  /// What the root task of a simulation does.
  @FunctionalInterface
  public interface Body<X extends Exception> {
    /// Runs as the first task of the simulation, which ends with it.
    void run() throws X;
  }

  /// A host on which nothing fails.
  ///
  /// @param disk what is on its disk; it is changed by the simulation. One that an earlier
  ///     simulation has used is as the death of that process leaves it
  public SimScheduler(long seed, SimDisk disk) {
    this(seed, disk, new Faults());
  }

  /// A host on which `faults` happen.
  ///
  /// @param faults its counters are changed by the simulation
  public SimScheduler(long seed, SimDisk disk, Faults faults) {
    this(seed, disk, faults, null);
  }

  /// A host on which `faults` happen, and whose disk is of that kind whatever the seed.
  ///
  /// @param faults its counters are changed by the simulation
  /// @param device the seed draws one of its speeds; null: the seed draws the kind, too
  public SimScheduler(long seed, SimDisk disk, Faults faults, @Nullable SimDevice device) {
    this.seed = seed;
    baton = new Baton(seed);
    SplittableRandom random = new SplittableRandom(Trace.mix(seed, 1));
    SplittableRandom speeds = random.split();
    SimDevice drawn = SimDevice.draw(speeds);
    clock = new SimClock(baton, speeds, device == null ? drawn : device);
    SplittableRandom wire = new SplittableRandom(Trace.mix(seed, 2));
    kernel = new SimKernel(disk, faults, random.split(), wire, baton);
    parallelism = 1 + random.nextInt(4);
  }

  /// Runs `body` as the root task, on a thread of its own, until it ends; the caller waits. Tasks that
  /// run on are ended then, each at the place where it waits. Again and again, one after the other,
  /// until power is lost; a [dev.iobus.Bus] belongs to the run that has opened it.
  ///
  /// @return whether `body` came to its end; false when power was lost before
  /// @throws AssertionError when the simulation failed; the cause says why
  /// @throws X when `body` throws it
  /// @throws IllegalStateException when power was lost in an earlier run
  public <X extends Exception> boolean run(Body<X> body) throws X {
    return run(false, body);
  }

  /// As [#run] with a root task that counts as a virtual thread: its calls of a shared bus go through the
  /// ring, where one that counts as a platform thread makes most of them itself.
  ///
  /// @return whether `body` came to its end; false when power was lost before
  /// @throws AssertionError when the simulation failed; the cause says why
  /// @throws X when `body` throws it
  /// @throws IllegalStateException when power was lost in an earlier run
  public <X extends Exception> boolean runVirtual(Body<X> body) throws X {
    return run(true, body);
  }

  private <X extends Exception> boolean run(boolean virtual, Body<X> body) throws X {
    Objects.requireNonNull(body, "body");
    if (kernel.losesPower()) {
      throw new IllegalStateException("power was lost; a new scheduler can go on with a crash");
    }
    long begin = System.nanoTime();
    Throwable thrown = baton.run(virtual, body::run);
    realNanos += System.nanoTime() - begin;
    Throwable failure = baton.failure();
    if (failure != null) {
      throw new AssertionError("the simulation with seed " + seed + " failed", failure);
    }
    if (kernel.losesPower()) {
      return false;
    }
    if (thrown instanceof Error error) {
      throw error;
    }
    if (thrown instanceof RuntimeException exception) {
      throw exception;
    }
    if (thrown != null) {
      @SuppressWarnings("unchecked") // A body throws nothing else.
      X checked = (X) thrown;
      throw checked;
    }
    return true;
  }

  /// What goes wrong on this host.
  public Faults faults() {
    return kernel.faults();
  }

  /// The disk, as the kernel sees it.
  public SimDisk disk() {
    return kernel.disk();
  }

  /// Operations that disk and network have been asked for: what [Faults#losePowerAfter] counts.
  public long operations() {
    return kernel.operations();
  }

  /// How often the seed has decided who runs.
  public long switches() {
    return baton.switches();
  }

  /// Virtual time that has passed since the first run began, in nanoseconds.
  public long elapsedNanos() {
    return baton.nowNanos();
  }

  /// Real time that its runs have taken, in nanoseconds. Nothing that happens in them depends on it.
  public long realNanos() {
    return realNanos;
  }

  /// What its disk is.
  public SimDevice device() {
    return clock.device();
  }

  /// Virtual time that operations of the disk have taken, summed over them, in nanoseconds: of those
  /// that are done at one time each counts in full.
  public long deviceNanos() {
    return clock.deviceNanos();
  }

  /// Ends the simulation with a failure when its tasks have come to so many switch points, in all
  /// runs: what goes on for ever would never end, as time is virtual. No limit by default.
  ///
  /// @param count at least 1
  public void limitSwitchPoints(long count) {
    if (count < 1) {
      throw new IllegalArgumentException("switch points are counted from 1, not " + count);
    }
    baton.limit(count);
  }

  /// Open descriptors of all busses of this host; for tests of leaks.
  public int openFiles() {
    return kernel.descriptors().count();
  }

  /// The paths of those, for messages.
  public List<Path> openPaths() {
    return kernel.descriptors().paths();
  }

  /// Tasks that have not ended, with the root task; for tests of leaks.
  public int tasks() {
    return baton.tasks();
  }

  /// What was not given back: open files and busses, tasks beside the root task, requests in flight,
  /// and arenas whose memory the kernel was given and that are still alive. Each in a few words; none
  /// when everything is closed.
  public List<String> leftovers() {
    List<String> left = new ArrayList<>();
    if (openFiles() > 0) {
      left.add("open files " + openPaths());
    }
    addLeft(left, kernel.rings(), "open busses");
    addLeft(left, tasks() - 1, "tasks");
    addLeft(left, kernel.inFlight(), "requests in flight");
    addLeft(left, kernel.memory().alive(), "arenas");
    return left;
  }

  private static void addLeft(List<String> left, int count, String what) {
    if (count > 0) {
      left.add(count + " " + what);
    }
  }

  /// Bytes of arenas that are alive and whose memory the kernel was given; for tests of limits. What of
  /// an arena no operation has touched does not count.
  public long memoryBytes() {
    return kernel.memory().bytes();
  }

  /// The most that [#memoryBytes] has been.
  public long memoryBytesMax() {
    return kernel.memory().most();
  }

  /// Has something run whenever what a crash would leave may have changed: before each write that
  /// the disk carries out, while it is in flight, and after each operation, before anybody knows its
  /// result. One run then has all its crashes: see [SimDisk#crash] and [SimDisk#kill].
  ///
  /// @param watcher looks at the disk and calls nothing else of the simulation
  public void watch(Runnable watcher) {
    kernel.watch(Objects.requireNonNull(watcher, "watcher"));
  }

  /// Everything that happened, in one number: equal for equal runs.
  public long traceHash() {
    return Trace.mix(baton.trace().hash(), baton.trace().events());
  }

  @Override
  public SimulatedBackend openBackend(int requests) {
    return new SimBackend(requests, baton, kernel, clock);
  }

  /// The only process of this host.
  @Override
  public HostProcess process() {
    return new HostProcess(1, clock.startMillis(), "simulated");
  }

  @Override
  public boolean hasEnded(HostProcess process) {
    return process.host().equals(process().host()) && process.pid() != process().pid();
  }

  @Override
  public FileSystemFacts fileSystem(Path directory) {
    return kernel.disk().fileSystem();
  }

  @Override
  public Task start(String name, Runnable body) {
    SimTask task = baton.start(name, false, body);
    baton.switchPoint();
    return task;
  }

  /// Starts a task that the code under test takes for a virtual thread.
  public Task startVirtual(String name, Runnable body) {
    SimTask task = baton.start(name, true, body);
    baton.switchPoint();
    return task;
  }

  @Override
  public Task currentTask() {
    return baton.self();
  }

  @Override
  public void park(long deadlineNanos) {
    SimTask self = baton.self();
    if (self.permit) {
      self.permit = false;
      baton.switchPoint();
      return;
    }
    if (baton.nowNanos() < deadlineNanos) {
      self.parked = true;
      try {
        baton.block("an unpark", deadlineNanos);
      } finally {
        self.parked = false;
      }
      self.permit = false;
    }
  }

  @Override
  public void unpark(Task task) {
    SimTask target = (SimTask) task;
    if (baton.isEnding()) {
      return;
    }
    target.permit = true;
    if (target.parked) {
      baton.wake(target);
    }
    baton.switchPoint();
  }

  @Override
  public void yield() {
    baton.switchPoint();
  }

  @Override
  public Lock newLock() {
    return new SimLock(baton);
  }

  /// Passes a little time.
  @Override
  public long nanoTime() {
    baton.pass(20);
    return baton.nowNanos();
  }

  @Override
  public long wallClockMillis() {
    return clock.wallMillis();
  }

  @Override
  public RandomGenerator random(String stream) {
    return new SplittableRandom(Trace.mix(seed, Trace.mix(stream.hashCode(), ++streams)));
  }

  @Override
  public int parallelism() {
    return parallelism;
  }
}
