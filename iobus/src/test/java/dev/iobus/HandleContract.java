package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.pattern;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// What every bus promises of handles, results and its owner.
interface HandleContract extends BusHost {

  @Test
  default void handlesGoThroughTheirStates() throws IOException {
    try (Bus bus = open(1)) {
      Handle handle = bus.nop();
      handle.attach("mine");
      assertThrows(QueueFullException.class, bus::nop);
      bus.submit(handle);
      assertThrows(IllegalStateException.class, () -> bus.enqueue(handle));
      assertThrows(IllegalStateException.class, () -> bus.discard(handle));
      assertEquals(1, bus.inFlight());
      Result result = bus.dispatch();
      assertSame(handle, result.handle());
      assertEquals("mine", result.attachment());
      assertEquals(0, bus.inFlight());
      assertThrows(IllegalStateException.class, () -> bus.enqueue(handle));
      assertThrows(IllegalStateException.class, result::endRead);
      result.endNop();
      bus.done(result);
      assertThrows(IllegalStateException.class, () -> bus.done(result));
      assertThrows(IllegalStateException.class, result::endNop);
      assertThrows(IllegalStateException.class, () -> handle.attach("late"));
      assertThrows(IllegalStateException.class, bus::dispatch);
      assertNull(bus.nop().attachment());
    }
  }

  @Test
  default void nothingIsEnqueuedWhenOneHandleIsUnfit() throws IOException {
    try (Bus bus = open(4)) {
      Handle first = bus.nop();
      Handle second = bus.nop();
      assertThrows(IllegalStateException.class, () -> bus.enqueue(first, second, first));
      assertEquals(0, bus.inFlight());
      bus.submit(first, second);
      assertEquals(2, bus.dispatch(2, 2, SECOND, bus::done));
    }
  }

  @Test
  default void everyHandleHasExactlyOneResult() throws IOException {
    int window = 256;
    int total = 20_000;
    try (Bus bus = open(window);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "many");
      finish(bus, bus.write(file, pattern(arena, 65_536, 0), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(window * 64L);
      int[] results = new int[total];
      int started = 0;
      int ended = 0;
      MemorySegment[] free = new MemorySegment[window];
      for (int i = 0; i < window; i++) {
        free[i] = memory.asSlice(i * 64L, 64);
      }
      MemorySegment[] used = new MemorySegment[total];
      int[] freeCount = {window};
      int[] last = new int[1];
      ResultSink sink =
          result -> {
            int number = (Integer) requireNonNull(result.attachment());
            results[number]++;
            last[0] += result.errno();
            free[freeCount[0]++] = used[number];
            bus.done(result);
          };
      while (ended < total) {
        while (started < total && started - ended < window) {
          used[started] = free[--freeCount[0]];
          Handle handle =
              started % 4 == 0
                  ? bus.nop()
                  : bus.read(file, used[started], started % 1000 * 64L);
          bus.enqueue(handle.attach(started++));
        }
        ended += bus.dispatch(1, window, Long.MAX_VALUE, sink);
      }
      assertNull(bus.dispatch(0));
      for (int count : results) {
        assertEquals(1, count);
      }
      assertEquals(0, last[0]);
      closeFile(bus, file);
    }
  }

  @Test
  default void callbacksRunInOrderInsideDispatch() throws IOException {
    try (Bus bus = open(8)) {
      List<Object> order = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        bus.enqueue(bus.nop().attach(i).callback(r -> order.add(r.attachment())));
      }
      for (int i = 0; i < 8; i++) {
        Result result = bus.dispatch();
        assertEquals(i + 1, order.size());
        assertEquals(order.get(i), result.attachment());
        bus.done(result);
      }
    }
  }

  @Test
  default void otherThreadsMayOnlyWake() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    try (Bus bus = open(4)) {
      Thread.ofPlatform().start(() -> thrown.set(failure(bus::nop))).join();
      assertInstanceOf(IllegalStateException.class, thrown.get());
      Thread.ofPlatform().start(() -> thrown.set(failure(bus::close))).join();
      assertInstanceOf(IllegalStateException.class, thrown.get());
    }
    Thread.ofVirtual().start(() -> thrown.set(failureOfOpen())).join();
    assertInstanceOf(IllegalStateException.class, thrown.get());
  }

  @Test
  default void memoryOnTheHeapIsRefused() throws IOException {
    try (Bus bus = open(1)) {
      OpenFile file = openNew(bus, "heap");
      MemorySegment heap = MemorySegment.ofArray(new byte[10]);
      assertThrows(IllegalArgumentException.class, () -> bus.read(file, heap, 0));
      MemorySegment readOnly = Arena.global().allocate(8).asReadOnly();
      assertThrows(IllegalArgumentException.class, () -> bus.read(file, readOnly, 0));
      assertThrows(
          IllegalArgumentException.class, () -> bus.write(file, readOnly, -1, WriteFlag.NONE));
      finish(bus, bus.write(file, readOnly, 0, WriteFlag.NONE));
      closeFile(bus, file);
    }
  }

  /// The kernel is given an address, and has no idea whose it is: a read into memory of an arena that
  /// was closed once brought its bytes to whoever had those addresses by then, and ended well.
  @Test
  default void memoryThatWasFreedIsRefused() throws Exception {
    try (Bus bus = open(1)) {
      OpenFile file = openNew(bus, "freed");
      Arena closed = Arena.ofShared();
      MemorySegment freed = closed.allocate(8);
      closed.close();
      assertThrows(IllegalStateException.class, () -> bus.read(file, freed, 0));
      assertThrows(IllegalStateException.class, () -> bus.readFully(file, freed, 0));
      MemorySegment[] parts = {Arena.global().allocate(8), freed};
      assertThrows(IllegalStateException.class, () -> bus.write(file, parts, 0));
      assertThrows(IllegalStateException.class, () -> bus.register(freed));
      AtomicReference<MemorySegment> confined = new AtomicReference<>();
      Thread other = new Thread(() -> confined.set(Arena.ofConfined().allocate(8)));
      other.start();
      other.join();
      assertThrows(IllegalArgumentException.class, () -> bus.read(file, confined.get(), 0));
      closeFile(bus, file);
    }
  }

  /// As above, and the same read done again and again into what the C library had given to somebody
  /// else ended the process.
  @Test
  default void memoryThatIsFreedBeforeItIsEnqueuedIsRefused() throws IOException {
    try (Bus bus = open(2)) {
      OpenFile file = openNew(bus, "late");
      for (boolean registered : new boolean[] {false, true}) {
        BusFile on = registered ? bus.register(file) : file;
        Arena arena = Arena.ofShared();
        bus.submit(bus.read(on, arena.allocate(8), 0));
        Result result = bus.dispatch();
        Handle prepared = bus.read(on, arena.allocate(8), 0);
        arena.close();
        assertThrows(IllegalStateException.class, () -> bus.rearm(result));
        assertEquals(-1, result.endRead());
        bus.done(result);
        Handle nop = bus.nop();
        assertThrows(IllegalStateException.class, () -> bus.enqueue(prepared));
        assertThrows(IllegalStateException.class, () -> bus.chain(prepared, nop));
        bus.discard(prepared);
        bus.discard(nop);
      }
      closeFile(bus, file);
    }
  }

  /// A transfer of several requests goes on with the next one where no caller is refused any more.
  @Test
  default void memoryThatIsFreedBetweenTwoRequestsIsNotUsed() throws IOException {
    try (Bus bus = open(2)) {
      OpenFile file = openNew(bus, "parts");
      Arena arena = Arena.ofShared();
      Handle read = bus.readFully(file, arena.allocate(8), 0);
      arena.close();
      // As if one had ended.
      read.request.file = bus.fileNumber(file);
      read.enter(Handle.State.IN_FLIGHT);
      bus.flight().started(1);
      bus.flight().takesMore(read);
      Result result = bus.dispatch();
      assertSame(read, result.handle());
      assertEquals(Errno.EFAULT, result.errno());
      bus.done(result);
      closeFile(bus, file);
    }
  }

  @Test
  default void filesOfAnotherBackendAreRefused() throws IOException {
    try (Bus bus = open(2);
        Arena arena = Arena.ofShared()) {
      BackendKind stranger =
          kind() == BackendKind.NIO ? BackendKind.IO_URING : BackendKind.NIO;
      OpenFile file = new OpenFile(directory().resolve("x"), 0, stranger, false);
      assertThrows(
          IllegalArgumentException.class, () -> bus.read(file, arena.allocate(8), 0));
      assertThrows(IllegalArgumentException.class, () -> bus.close(file));
    }
  }

  /// An interrupt of a thread inside a `FileChannel` closes the channel for everybody, which
  /// has cost other stores their data files. Here it touches nothing but the caller's flag.
  @Test
  default void interruptsOfTheOwnerCloseNothing() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    Thread owner = Thread.currentThread();
    try (Bus bus = open(16);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "storm");
      finish(bus, bus.write(file, pattern(arena, 4096, 7), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(4096);
      Thread storm =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!stop.get()) {
                      owner.interrupt();
                      Thread.onSpinWait();
                    }
                  });
      try {
        for (int i = 0; i < 1000; i++) {
          bus.submit(
              i % 100 == 0 ? bus.dataSync(file) : bus.read(file, memory, 0));
          Result result = bus.dispatch();
          assertFalse(result.isFailure());
          bus.done(result);
        }
      } finally {
        stop.set(true);
        while (storm.isAlive()) {
          Thread.interrupted();
          Thread.onSpinWait();
        }
        Thread.interrupted();
      }
      owner.interrupt();
      bus.submit(bus.read(file, memory, 0));
      bus.done(bus.dispatch());
      assertTrue(Thread.interrupted(), "the flag is kept");
      closeFile(bus, file);
    }
  }

  @Test
  default void operationsAllocateNothingInSteadyState() throws IOException {
    var threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Bus bus = open(32);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "allocation");
      finish(bus, bus.write(file, arena.allocate(4096), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(512);
      ResultSink sink = bus::done;
      // The least of several: compilers are not ready at first, and a lock's queue node is allocated
      // each time the owner meets a worker, while what an operation allocates is in all of them.
      long perOperation = Long.MAX_VALUE;
      for (int i = 0; i < 50 && perOperation >= 8; i++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        run(bus, file, memory, sink, 200);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        perOperation = Math.min(perOperation, allocated / (200 * 32));
      }
      long least = perOperation;
      assertTrue(least < 8, () -> least + " bytes per operation");
    }
  }

  @Test
  default void reasonNamesTheBackend() throws IOException {
    try (Bus bus = open(3)) {
      assertEquals(kind(), bus.backend());
      assertNotNull(bus.reason());
      assertTrue(bus.reason().startsWith(kind().label()), bus::reason);
      assertEquals(3, bus.capacity());
    }
  }

  private static Throwable failure(Runnable action) {
    return assertThrows(Throwable.class, action::run);
  }

  private Throwable failureOfOpen() {
    return assertThrows(Throwable.class, () -> open(4));
  }

  private static void run(
      Bus bus, OpenFile file, MemorySegment memory, ResultSink sink, int rounds)
      throws IOException {
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < 32; i++) {
        bus.enqueue(bus.read(file, memory, i));
      }
      int ended = 0;
      while (ended < 32) {
        ended += bus.dispatch(1, 32, Long.MAX_VALUE, sink);
      }
    }
  }
}
