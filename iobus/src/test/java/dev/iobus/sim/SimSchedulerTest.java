package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.Result;
import dev.iobus.Scheduler;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// One seed decides everything.
final class SimSchedulerTest {

  private static final Path DIRECTORY = Path.of("/sim");

  private static SimDisk newDisk() {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    return disk;
  }

  private static BusOptions options(SimScheduler scheduler) {
    return BusOptions.defaults().withScheduler(scheduler).withCapacity(4);
  }

  /// Several tasks write to one file each, through one bus.
  private static void workload(SimScheduler scheduler, int tasks) throws IOException {
    try (SharedBus bus = SharedBus.open(options(scheduler))) {
      int[] running = {tasks};
      Scheduler.Task root = scheduler.currentTask();
      for (int i = 0; i < tasks; i++) {
        int number = i;
        Runnable body =
            () -> {
              try {
                write(bus, number);
              } catch (IOException e) {
                throw new AssertionError(e);
              } finally {
                running[0]--;
                scheduler.unpark(root);
              }
            };
        if (i % 2 == 0) {
          scheduler.start("writer", body);
        } else {
          scheduler.startVirtual("writer", body);
        }
      }
      while (running[0] > 0) {
        scheduler.park(Long.MAX_VALUE);
      }
    }
  }

  private static void write(SharedBus bus, int number) throws IOException {
    OpenFile file =
        bus.open(
            DIRECTORY.resolve("file" + number), OpenFlag.WRITE, OpenFlag.READ, OpenFlag.CREATE);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(3000).fill((byte) number);
      for (int i = 0; i < 4; i++) {
        bus.writeFully(file, memory, i * 3000L, i == 2 ? WriteFlag.DSYNC : WriteFlag.NONE);
      }
      bus.sync(file);
      MemorySegment read = arena.allocate(12_000);
      assertEquals(12_000, bus.readFully(file, read, 0));
      assertEquals(number, read.get(ValueLayout.JAVA_BYTE, 11_999));
    }
    bus.close(file);
  }

  @Test
  void sameSeedSameTrace() throws Exception {
    TreeSet<Long> hashes = new TreeSet<>();
    for (int seed = 0; seed < 20; seed++) {
      SimDisk[] disks = new SimDisk[2];
      long[] traces = new long[2];
      for (int i = 0; i < 2; i++) {
        disks[i] = newDisk();
        SimScheduler scheduler = new SimScheduler(seed, disks[i]);
        assertTrue(scheduler.run(() -> workload(scheduler, 3)));
        assertEquals(0, scheduler.openFiles());
        traces[i] = scheduler.traceHash();
      }
      assertEquals(traces[0], traces[1], "seed " + seed);
      assertEquals(disks[0].contentHash(), disks[1].contentHash());
      hashes.add(traces[0]);
    }
    assertEquals(20, hashes.size());
  }

  /// Prints the trace of a seed, for a test in another JVM.
  static final class TraceOf {
    public static void main(String[] arguments) throws IOException {
      System.out.println(trace(Long.parseLong(arguments[0])));
    }
  }

  private static long trace(long seed) throws IOException {
    SimScheduler scheduler = new SimScheduler(seed, newDisk());
    assertTrue(scheduler.run(() -> workload(scheduler, 3)));
    return scheduler.traceHash();
  }

  @Test
  void sameSeedSameTraceInAnotherJvm() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-cp",
                System.getProperty("java.class.path"),
                TraceOf.class.getName(),
                "77")
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(child.waitFor(60, TimeUnit.SECONDS));
    assertEquals(trace(77), Long.parseLong(output.strip()));
  }

  @Test
  void tasksHaveTheSameNumbersInEachRun() {
    List<List<Long>> runs = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      SimScheduler scheduler = new SimScheduler(3, newDisk());
      List<Long> numbers = new ArrayList<>();
      scheduler.run(
          () -> {
            numbers.add(scheduler.currentTask().number());
            for (int i = 0; i < 3; i++) {
              scheduler.start("other", () -> numbers.add(scheduler.currentTask().number()));
            }
            while (numbers.size() < 4) {
              scheduler.yield();
            }
          });
      assertEquals(4, Set.copyOf(numbers).size(), numbers.toString());
      runs.add(numbers);
    }
    assertEquals(runs.getFirst(), runs.getLast());
  }

  @Test
  void seedsFindTheLostUpdate() {
    TreeSet<Integer> sums = new TreeSet<>();
    for (int seed = 0; seed < 50; seed++) {
      SimScheduler scheduler = new SimScheduler(seed, newDisk());
      int[] sum = new int[1];
      int[] running = {2};
      scheduler.run(
          () -> {
            Scheduler.Task root = scheduler.currentTask();
            for (int i = 0; i < 2; i++) {
              scheduler.start(
                  "adder",
                  () -> {
                    int read = sum[0];
                    scheduler.yield();
                    sum[0] = read + 1;
                    running[0]--;
                    scheduler.unpark(root);
                  });
            }
            while (running[0] > 0) {
              scheduler.park(Long.MAX_VALUE);
            }
          });
      sums.add(sum[0]);
    }
    assertEquals(new TreeSet<>(List.of(1, 2)), sums);
  }

  @Test
  void locksExcludeAndConditionsWake() {
    for (int seed = 0; seed < 30; seed++) {
      SimScheduler scheduler = new SimScheduler(seed, newDisk());
      List<Integer> taken = new ArrayList<>();
      scheduler.run(
          () -> {
            Scheduler.Lock lock = scheduler.newLock();
            Scheduler.Condition changed = lock.newCondition();
            int[] inside = new int[1];
            int[] made = new int[1];
            for (int i = 0; i < 3; i++) {
              scheduler.start(
                  "maker",
                  () -> {
                    for (int n = 0; n < 5; n++) {
                      lock.lock();
                      assertEquals(1, ++inside[0]);
                      scheduler.yield();
                      made[0]++;
                      inside[0]--;
                      changed.signal();
                      lock.unlock();
                    }
                  });
            }
            lock.lock();
            while (taken.size() < 15) {
              while (made[0] == 0) {
                changed.await();
              }
              made[0]--;
              taken.add(0);
            }
            assertTrue(lock.isHeldByCurrentTask());
            lock.unlock();
          });
      assertEquals(15, taken.size());
    }
  }

  @Test
  void timeIsVirtual() {
    SimScheduler scheduler = new SimScheduler(1, newDisk());
    long start = System.nanoTime();
    scheduler.run(
        () -> {
          long year = 365L * 24 * 3600 * 1_000_000_000L;
          long before = scheduler.nanoTime();
          scheduler.park(before + year);
          assertTrue(scheduler.nanoTime() - before >= year);
          Scheduler.Lock lock = scheduler.newLock();
          lock.lock();
          while (lock.newCondition().awaitUntil(before + 2 * year)) {
            assertTrue(scheduler.nanoTime() < before + 2 * year);
          }
          lock.unlock();
        });
    assertTrue(System.nanoTime() - start < 60_000_000_000L);
  }

  @Test
  void powerLossEndsTheRunAndLeavesACrash() throws Exception {
    SimDisk disk = newDisk();
    SimScheduler all = new SimScheduler(5, disk);
    assertTrue(all.run(() -> workload(all, 3)));
    for (int after = 1; after < all.operations(); after++) {
      SimDisk lost = newDisk();
      Faults faults = new Faults().losePowerAfter(after);
      SimScheduler scheduler = new SimScheduler(5, lost, faults);
      assertFalse(scheduler.run(() -> workload(scheduler, 3)));
      assertEquals(after, scheduler.operations());
      SimDisk image = lost.crash(after);
      for (String name : image.list(DIRECTORY)) {
        assertTrue(image.read(DIRECTORY.resolve(name)).length <= 12_000);
      }
      assertThrows(IllegalStateException.class, () -> scheduler.run(() -> {}));
    }
  }

  /// One run shows what as many losses of power would, and what they would in the middle of a write.
  @Test
  void aWatcherSeesEveryCrash() throws Exception {
    SimDisk disk = newDisk();
    SimScheduler scheduler = new SimScheduler(5, disk);
    List<Long> moments = new ArrayList<>();
    TreeSet<Long> images = new TreeSet<>();
    scheduler.watch(
        () -> {
          moments.add(scheduler.operations());
          images.add(disk.crash(5).contentHash());
        });
    assertTrue(scheduler.run(() -> workload(scheduler, 3)));
    long writes = 3 * 4;
    assertEquals(scheduler.operations() + writes, moments.size());
    for (long after = 1; after < scheduler.operations(); after++) {
      SimDisk other = newDisk();
      Faults faults = new Faults().losePowerAfter(after);
      SimScheduler cut = new SimScheduler(5, other, faults);
      assertFalse(cut.run(() -> workload(cut, 3)));
      assertTrue(images.contains(other.crash(5).contentHash()), "operation " + after);
    }
  }

  @Test
  void memoryOfTheKernelIsGuarded() throws Exception {
    SimScheduler scheduler = new SimScheduler(1, newDisk());
    AssertionError failure =
        assertThrows(AssertionError.class, () -> scheduler.run(() -> touch(scheduler)));
    assertTrue(String.valueOf(failure.getMessage()).contains("seed 1"));
    assertTrue(String.valueOf(failure.getCause()).contains("while the kernel owned it"));
  }

  private static void touch(SimScheduler scheduler) throws IOException {
    try (Bus bus = Bus.open(options(scheduler));
        Arena arena = Arena.ofShared()) {
      bus.submit(bus.create(DIRECTORY.resolve("touched")));
      Result open = bus.dispatch();
      OpenFile file = open.endOpen();
      bus.done(open);
      MemorySegment memory = arena.allocate(100);
      bus.submit(bus.write(file, memory, 0, WriteFlag.NONE));
      memory.set(ValueLayout.JAVA_BYTE, 50, (byte) 1);
      bus.dispatch();
    }
  }

  @Test
  void memoryThatWasFreedUnderTheKernelIsNoticed() throws Exception {
    SimScheduler scheduler = new SimScheduler(1, newDisk());
    AssertionError failure =
        assertThrows(AssertionError.class, () -> scheduler.run(() -> free(scheduler)));
    assertTrue(String.valueOf(failure.getCause()).contains("closed"), "" + failure.getCause());
  }

  private static void free(SimScheduler scheduler) throws IOException {
    try (Bus bus = Bus.open(options(scheduler))) {
      bus.submit(bus.create(DIRECTORY.resolve("freed")));
      Result open = bus.dispatch();
      OpenFile file = open.endOpen();
      bus.done(open);
      try (Arena arena = Arena.ofShared()) {
        bus.submit(bus.write(file, arena.allocate(100), 0, WriteFlag.NONE));
      }
      bus.dispatch();
    }
  }

  /// Who looks at the memory of a read too early finds junk there, and not what was there before.
  @Test
  void memoryOfAReadIsJunkUntilItsEnd() throws Exception {
    SimDisk disk = newDisk();
    disk.write(DIRECTORY.resolve("read"), new byte[100]);
    SimScheduler scheduler = new SimScheduler(1, disk);
    assertTrue(
        scheduler.run(
            () -> {
              try (Bus bus = Bus.open(options(scheduler));
                  Arena arena = Arena.ofShared()) {
                bus.submit(bus.open(DIRECTORY.resolve("read")));
                Result open = bus.dispatch();
                OpenFile file = open.endOpen();
                bus.done(open);
                MemorySegment memory = arena.allocate(100);
                bus.submit(bus.read(file, memory, 0));
                assertNotEquals(0, memory.get(ValueLayout.JAVA_BYTE, 50));
                bus.done(bus.dispatch());
                assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 50));
              }
            }));
  }

  @Test
  void failureOfATaskEndsTheSimulation() {
    SimScheduler scheduler = new SimScheduler(2, newDisk());
    AssertionError failure =
        assertThrows(
            AssertionError.class,
            () ->
                scheduler.run(
                    () -> {
                      scheduler.start(
                          "failing",
                          () -> {
                            throw new IllegalStateException("mine");
                          });
                      scheduler.park(Long.MAX_VALUE);
                      scheduler.park(Long.MAX_VALUE);
                    }));
    assertInstanceOf(IllegalStateException.class, failure.getCause());
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                new SimScheduler(3, newDisk())
                    .<IOException>run(
                        () -> {
                          throw new IOException("of the body");
                        }));
    assertEquals("of the body", thrown.getMessage());
  }

  @Test
  void otherThreadsAreNoTasks() {
    SimScheduler scheduler = new SimScheduler(4, newDisk());
    assertThrows(IllegalStateException.class, scheduler::currentTask);
    assertThrows(IllegalStateException.class, () -> scheduler.park(0));
    assertNotEquals(
        scheduler.random("a").nextLong(), scheduler.random("a").nextLong(), "independent");
  }

  @Test
  void whatIsNotGivenBackIsTold() throws IOException {
    SimScheduler host = new SimScheduler(1, newDisk());
    host.run(
        () -> {
          Arena arena = Arena.ofShared();
          SharedBus bus = SharedBus.open(options(host));
          OpenFile file = bus.open(DIRECTORY.resolve("f"), OpenFlag.WRITE, OpenFlag.CREATE);
          bus.writeFully(file, arena.allocate(512), 0, WriteFlag.NONE);
          assertEquals(
              List.of("open files [/sim/f]", "1 open busses", "1 arenas"), host.leftovers());
          arena.close();
          bus.close(file);
          assertEquals(List.of("1 open busses"), host.leftovers());
          bus.close();
          assertEquals(List.of(), host.leftovers());
        });
    host.run(
        () -> {
          Bus bus = Bus.open(options(host));
          bus.submit(bus.nop());
          assertEquals(
              List.of("1 open busses", "1 requests in flight"), host.leftovers());
          bus.close();
          assertEquals(List.of(), host.leftovers());
        });
  }
}
