package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every bus promises, whatever it stands on.
@Timeout(60)
abstract class BusContract {

  private static final long SECOND = 1_000_000_000L;

  @TempDir Path directory;

  abstract BackendKind kind();

  HostFiles host() {
    return HostFiles.REAL;
  }

  /// The clock that timeouts are kept on.
  long nanoTime() {
    return System.nanoTime();
  }

  Bus open(int capacity) throws IOException {
    return Bus.open(BusOptions.defaults().withBackend(kind()).withCapacity(capacity));
  }

  OpenFile openNew(Bus bus, String name) throws IOException {
    return opened(bus, bus.create(directory.resolve(name), OpenFlag.READ));
  }

  static OpenFile opened(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    try {
      return result.endOpen();
    } finally {
      bus.done(result);
    }
  }

  static void closeFile(Bus bus, OpenFile file) throws IOException {
    bus.submit(bus.close(file));
    Result result = bus.dispatch();
    result.endClose();
    bus.done(result);
  }

  private static void finish(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    Result result = bus.dispatch();
    assertSame(handle, result.handle());
    BusException failure = result.isFailure() ? failureOf(result) : null;
    bus.done(result);
    if (failure != null) {
      throw failure;
    }
  }

  private static BusException failureOf(Result result) {
    return BusException.of(
        result.handle().operation(), result.handle().target(), -result.errno(), null);
  }

  private static MemorySegment pattern(Arena arena, int length, int seed) {
    MemorySegment memory = arena.allocate(length, 4096);
    for (int i = 0; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 8) + seed));
    }
    return memory;
  }

  private static void assertSameBytes(MemorySegment expected, MemorySegment found) {
    assertEquals(-1, expected.mismatch(found));
  }

  @Test
  void bytesComeBackAsWritten() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "bytes");
      MemorySegment written = pattern(arena, 10_000, 1);
      for (WriteFlag flag : List.of(WriteFlag.NONE, WriteFlag.DSYNC)) {
        bus.submit(bus.write(file, written, 0, flag));
        Result result = bus.dispatch();
        assertEquals(10_000, result.endWrite());
        bus.done(result);
      }
      finish(bus, bus.sync(file));
      finish(bus, bus.dataSync(file));
      MemorySegment read = arena.allocate(10_000);
      bus.submit(bus.read(file, read, 0));
      Result result = bus.dispatch();
      assertEquals(10_000, result.endRead());
      bus.done(result);
      assertSameBytes(written, read);
      closeFile(bus, file);
      assertTrue(file.isClosed());
      assertThrows(IllegalStateException.class, () -> bus.read(file, read, 0));
    }
  }

  @Test
  void readIsShortAtTheEndAndMinusOneBehindIt() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "short");
      finish(bus, bus.write(file, arena.allocate(100), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(4096);
      bus.submit(bus.read(file, memory, 40));
      Result part = bus.dispatch();
      assertEquals(60, part.endRead());
      bus.done(part);
      bus.submit(bus.read(file, memory, 100));
      Result end = bus.dispatch();
      assertEquals(-1, end.endRead());
      bus.done(end);
      bus.submit(bus.read(file, memory.asSlice(0, 0), 0));
      Result nothing = bus.dispatch();
      assertEquals(0, nothing.endRead());
      bus.done(nothing);
      closeFile(bus, file);
    }
  }

  @Test
  void namesAndLengthsChange() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "a");
      finish(bus, bus.write(file, pattern(arena, 500, 3), 0, WriteFlag.NONE));
      finish(bus, bus.truncate(file, 9000));
      assertEquals(9000, status(bus, file).size());
      finish(bus, bus.truncate(file, 100));
      FileStatus status = status(bus, file);
      assertEquals(100, status.size());
      assertFalse(status.directory());
      assertTrue(status.blockSize() > 0);
      assertEquals(host().inode(directory.resolve("a")), status.inode());
      finish(bus, bus.rename(directory.resolve("a"), directory.resolve("b")));
      OpenFile names = opened(bus, bus.open(directory, OpenFlag.DIRECTORY));
      assertTrue(status(bus, names).directory());
      finish(bus, bus.sync(names));
      closeFile(bus, names);
      assertFalse(host().exists(directory.resolve("a")));
      finish(bus, bus.unlink(directory.resolve("b")));
      assertFalse(host().exists(directory.resolve("b")));
      closeFile(bus, file);
    }
  }

  private static FileStatus status(Bus bus, BusFile file) throws IOException {
    bus.submit(bus.stat(file));
    Result result = bus.dispatch();
    FileStatus status = result.endStat();
    bus.done(result);
    return status;
  }

  @Test
  void filesAreCreatedForTheOwnerAlone() throws IOException {
    try (Bus bus = open(2)) {
      closeFile(bus, openNew(bus, "private"));
      assertEquals(
          PosixFilePermissions.fromString("rw-------"),
          host().permissions(directory.resolve("private")));
    }
  }

  @Test
  void errorsNameOperationFileAndNumber() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      Path none = directory.resolve("none");
      bus.submit(bus.open(none));
      Result result = bus.dispatch();
      BusException failure = assertThrows(BusException.class, result::endOpen);
      assertEquals("open", failure.operation());
      assertEquals("ENOENT", failure.errnoName());
      String message = requireNonNull(failure.getMessage());
      assertTrue(message.contains(none.toString()), message);
      bus.done(result);

      assertFails("EISDIR", bus, bus.unlink(directory));
      assertFails("ENOENT", bus, bus.unlink(none));
      assertFails("ENOENT", bus, bus.rename(none, directory.resolve("other")));
      closeFile(bus, openNew(bus, "file"));
      Path file = directory.resolve("file");
      assertFails("EEXIST", bus, bus.create(file, OpenFlag.EXCLUSIVE));
      assertFails("ENOTDIR", bus, bus.open(file, OpenFlag.DIRECTORY));
      assertFails("ENOTDIR", bus, bus.open(file.resolve("below")));
      host().createSymbolicLink(directory.resolve("link"), file);
      assertFails("ELOOP", bus, bus.open(directory.resolve("link"), OpenFlag.NO_FOLLOW));
      OpenFile reader = opened(bus, bus.open(file));
      assertFails("EBADF", bus, bus.write(reader, arena.allocate(8), 0, WriteFlag.NONE));
      closeFile(bus, reader);
    }
  }

  private static void assertFails(String errno, Bus bus, Handle handle) throws IOException {
    BusException failure = assertThrows(BusException.class, () -> finish(bus, handle));
    assertEquals(errno, failure.errnoName());
  }

  @Test
  void fullTransfersCoverMoreThanOneRequest() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      int length = 3 * Transfer.PIECE_BYTES + 12_345;
      MemorySegment written = pattern(arena, length, 9);
      OpenFile file = openNew(bus, "full");
      bus.submit(bus.writeFully(file, written, 77, WriteFlag.NONE));
      Result write = bus.dispatch();
      assertEquals(length, write.endWriteFully());
      bus.done(write);
      MemorySegment read = arena.allocate(length + 5000);
      bus.submit(bus.readFully(file, read, 77));
      Result result = bus.dispatch();
      assertEquals(length, result.endReadFully());
      assertThrows(IllegalStateException.class, result::endRead);
      bus.done(result);
      assertSameBytes(written, read.asSlice(0, length));
      closeFile(bus, file);
    }
  }

  @Test
  void directFilesReadUpToAnUnalignedEnd() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      int length = Transfer.PIECE_BYTES + 10_000;
      MemorySegment written = pattern(arena, length, 5);
      OpenFile plain = openNew(bus, "direct");
      finish(bus, bus.writeFully(plain, written, 0, WriteFlag.NONE));
      finish(bus, bus.sync(plain));
      closeFile(bus, plain);
      OpenFile file;
      try {
        file = opened(bus, bus.open(directory.resolve("direct"), OpenFlag.DIRECT));
      } catch (BusException e) {
        Assumptions.abort("no direct transfers here: " + e.getMessage());
        return;
      }
      MemorySegment read = arena.allocate(2L * Transfer.PIECE_BYTES, 4096);
      bus.submit(bus.readFully(file, read, 0));
      Result result = bus.dispatch();
      assertEquals(length, result.endReadFully());
      bus.done(result);
      assertSameBytes(written, read.asSlice(0, length));
      assertFails("EINVAL", bus, bus.read(file, read.asSlice(0, 4096), 7));
      closeFile(bus, file);
    }
  }

  @Test
  void handlesGoThroughTheirStates() throws IOException {
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
  void nothingIsEnqueuedWhenOneHandleIsUnfit() throws IOException {
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
  void everyHandleHasExactlyOneResult() throws IOException {
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
  void chainIsCutByFailure() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "chain");
      OpenFile reader = opened(bus, bus.open(directory.resolve("chain")));
      MemorySegment memory = arena.allocate(10);
      Handle good = bus.write(file, memory, 0, WriteFlag.NONE);
      Handle bad = bus.write(reader, memory, 0, WriteFlag.NONE);
      Handle never = bus.write(file, memory, 100, WriteFlag.NONE);
      Handle neither = bus.sync(file);
      bus.chain(good, bad, never, neither);
      assertEquals(List.of(0, 9, 125, 125), errnos(bus, good, bad, never, neither));
      assertEquals(10, status(bus, file).size());
      closeFile(bus, reader);
      closeFile(bus, file);
    }
  }

  @Test
  void chainIsCutByShortReadAndSerializeIsNot() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "cut");
      finish(bus, bus.write(file, arena.allocate(10), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(100);
      Handle read = bus.read(file, memory, 0);
      Handle write = bus.write(file, memory, 0, WriteFlag.NONE);
      bus.chain(read, write);
      assertEquals(List.of(0, 125), errnos(bus, read, write));
      assertEquals(10, status(bus, file).size());

      Handle again = bus.read(file, memory, 0);
      Handle runs = bus.write(file, memory, 0, WriteFlag.NONE);
      bus.serialize(again, runs);
      assertEquals(List.of(0, 0), errnos(bus, again, runs));
      assertEquals(100, status(bus, file).size());
      closeFile(bus, file);
    }
  }

  /// The last operation of a run counted as one that a close waits for, and was not taken out again
  /// when it ended. The close got its handle, and waited for itself.
  @Test
  void aFileIsClosedBehindARun() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(10);
      for (boolean serialized : new boolean[] {false, true}) {
        OpenFile file = openNew(bus, "behind" + serialized);
        Handle first = bus.write(file, memory, 0, WriteFlag.NONE);
        Handle last = bus.read(file, memory, 0);
        if (serialized) {
          bus.serialize(first, last);
        } else {
          bus.chain(first, last);
        }
        for (int i = 0; i < 2; i++) {
          bus.done(bus.dispatch());
        }
        bus.submit(bus.close(file));
        Result closed = bus.dispatch(20_000_000_000L);
        assertNotNull(closed, "the close has not ended");
        closed.endClose();
        bus.done(closed);
      }
    }
  }

  /// The error numbers of the handles, in their order, after dispatching them all.
  private static List<Integer> errnos(Bus bus, Handle... handles) throws IOException {
    Integer[] errnos = new Integer[handles.length];
    for (int i = 0; i < handles.length; i++) {
      Result result = bus.dispatch();
      int index = List.of(handles).indexOf(result.handle());
      assertNull(errnos[index]);
      errnos[index] = result.errno();
      result.handle().attach(result);
    }
    for (Handle handle : handles) {
      bus.done(handle.result);
    }
    return List.of(errnos);
  }

  @Test
  void runsThatCannotBePlacedWholeAreRefused() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "run");
      Handle full = bus.readFully(file, arena.allocate(8), 0);
      Handle nop = bus.nop();
      assertThrows(IllegalArgumentException.class, () -> bus.chain(nop, full));
      bus.discard(full);
      bus.discard(nop);
      Handle[] tooMany = new Handle[bus.runMax() + 1];
      assertThrows(IllegalArgumentException.class, () -> bus.chain(tooMany));
      closeFile(bus, file);
    }
  }

  @Test
  void runsAreNotSplitByAFullSubmissionQueue() throws IOException {
    try (Bus bus = open(64);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "whole");
      OpenFile reader = opened(bus, bus.open(directory.resolve("whole")));
      MemorySegment memory = arena.allocate(10);
      for (int fill = 0; fill < 60; fill++) {
        for (int i = 0; i < fill; i++) {
          bus.enqueue(bus.nop());
        }
        Handle bad = bus.write(reader, memory, 0, WriteFlag.NONE);
        Handle never = bus.write(file, memory, 0, WriteFlag.NONE);
        bus.chain(bad, never);
        int[] cancelled = new int[1];
        int ended = 0;
        while (ended < fill + 2) {
          ended +=
              bus.dispatch(
                  1,
                  64,
                  Long.MAX_VALUE,
                  result -> {
                    cancelled[0] += result.errno() == 125 ? 1 : 0;
                    bus.done(result);
                  });
        }
        assertEquals(1, cancelled[0]);
      }
      assertEquals(0, status(bus, file).size());
      closeFile(bus, file);
      closeFile(bus, reader);
    }
  }

  /// A result that has come in stands in its handle until it is dispatched, and a cancel that is
  /// asked for meanwhile makes the handle one that is looked after the long way.
  @Test
  void aCancelOfWhatHasCompletedLeavesItsResult() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "late");
      finish(bus, bus.writeFully(file, arena.allocate(100), 0, WriteFlag.NONE));
      MemorySegment into = arena.allocate(200);
      for (int round = 0; round < 20; round++) {
        Handle first = bus.read(file, into.asSlice(0, 100), 0);
        Handle second = bus.read(file, into.asSlice(100, 70), 0);
        bus.submit(first, second);
        Set<Handle> seen = new HashSet<>();
        Result early = bus.dispatch();
        seen.add(early.handle());
        Handle left = early.handle().equals(first) ? second : first;
        bus.done(early);
        Handle cancel = bus.cancel(left);
        bus.submit(cancel);
        for (int i = 0; i < 2; i++) {
          Result result = bus.dispatch();
          assertTrue(seen.add(result.handle()));
          if (!result.handle().equals(cancel) && !result.isFailure()) {
            assertEquals(left.equals(first) ? 100 : 70, result.endRead());
          }
          bus.done(result);
        }
        assertEquals(Set.of(first, second, cancel), seen);
      }
      assertEquals(0, bus.inFlight());
      closeFile(bus, file);
    }
  }

  @Test
  void cancelIsIdempotentAndItsTargetHasOneResult() throws IOException {
    try (Bus bus = open(64);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "cancel");
      finish(bus, bus.writeFully(file, arena.allocate(1 << 20), 0, WriteFlag.NONE));
      MemorySegment memory = arena.allocate(64 << 14);
      RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
      for (int round = 0; round < 50; round++) {
        List<Handle> targets = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
          targets.add(bus.read(file, memory.asSlice(i << 14, 1 << 14), i << 14));
        }
        bus.submit(targets.toArray(Handle[]::new));
        Set<Handle> cancels = new HashSet<>();
        for (Handle target : targets) {
          if (random.nextBoolean()) {
            Handle cancel = bus.cancel(target);
            assertSame(cancel, bus.cancel(target));
            bus.enqueue(cancel);
            bus.submit(cancel);
            cancels.add(cancel);
          }
        }
        Set<Handle> seen = new HashSet<>();
        while (seen.size() < targets.size() + cancels.size()) {
          Result result = bus.dispatch();
          assertTrue(seen.add(result.handle()));
          if (cancels.contains(result.handle())) {
            result.endCancel();
          } else if (result.isFailure()) {
            assertThrows(CancelledException.class, result::endRead);
          } else {
            assertEquals(1 << 14, result.endRead());
          }
        }
        for (Handle handle : seen) {
          bus.done(handle.result);
        }
        assertNull(bus.dispatch(0));
      }
      Handle ended = bus.nop();
      bus.submit(ended);
      Result result = bus.dispatch();
      bus.submit(bus.cancel(ended));
      Result tooLate = bus.dispatch();
      assertFalse(tooLate.endCancel());
      bus.done(result);
      assertEquals(64, bus.capacity());
      bus.done(tooLate);
      assertThrows(IllegalStateException.class, () -> bus.cancel(ended));
      closeFile(bus, file);
    }
  }

  @Test
  void afterCloseNoBufferChanges() throws Exception {
    int rounds = 6;
    long round = 256L << 12;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment all = arena.allocate(rounds * round).fill((byte) 0x55);
      MemorySegment seen = arena.allocate(rounds * round);
      for (int n = 0; n < rounds; n++) {
        MemorySegment memory = all.asSlice(n * round, round);
        Bus bus = open(256);
        OpenFile file = openNew(bus, "close" + n);
        finish(bus, bus.writeFully(file, pattern(arena, 1 << 18, n), 0, WriteFlag.NONE));
        for (int i = 0; i < 256; i++) {
          bus.enqueue(bus.read(file, memory.asSlice((long) i << 12, 1 << 12), i << 8));
        }
        bus.submit();
        bus.close();
        seen.asSlice(n * round, round).copyFrom(memory);
        bus.close();
        assertThrows(IllegalStateException.class, bus::nop);
        bus.wakeup();
        try (Bus other = open(1)) {
          closeFile(other, file);
        }
      }
      Thread.sleep(20);
      assertSameBytes(seen, all);
    }
  }

  /// The second request of a transfer went to the file that had got the number of the descriptor.
  @Test
  void aCloseDoesNotTurnATransferToAnotherFile() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      int length = 2 * Transfer.PIECE_BYTES + 100;
      OpenFile file = openNew(bus, "first");
      Handle write = bus.writeFully(file, pattern(arena, length, 6), 0, WriteFlag.NONE);
      Handle close = bus.close(file);
      Handle create = bus.create(directory.resolve("second"));
      bus.enqueue(write);
      bus.submit(close);
      bus.submit(create);
      OpenFile other = null;
      for (int i = 0; i < 3; i++) {
        Result result = bus.dispatch(20 * SECOND);
        assertNotNull(result);
        assertEquals(0, result.errno(), result::toString);
        if (result.handle().equals(create)) {
          other = result.endOpen();
        }
        bus.done(result);
      }
      assertEquals(0, status(bus, requireNonNull(other)).size());
      closeFile(bus, other);
      OpenFile again = opened(bus, bus.open(directory.resolve("first")));
      assertEquals(length, status(bus, again).size());
      closeFile(bus, again);
    }
  }

  @Test
  void closeReleasesEveryDescriptor() throws Exception {
    Path descriptors = Path.of("/proc/self/fd");
    Assumptions.assumeTrue(Files.isDirectory(descriptors), "no /proc on this host");
    Path path = directory.resolve("leak");
    Files.write(path, new byte[4096]);
    open(4).close(); // Classes, and what they open, are loaded before the count.
    Set<String> before = targets(descriptors);
    for (int round = 0; round < 20; round++) {
      try (Arena arena = Arena.ofShared();
          Bus bus = open(8)) {
        OpenFile file = opened(bus, bus.open(path));
        RegisteredFile registered = bus.register(file);
        bus.submit(bus.read(registered, arena.allocate(4096), 0));
        bus.submit(bus.open(path)); // Never dispatched.
        bus.submit(bus.open(path));
        Result result = bus.dispatch();
        bus.done(result); // Perhaps an open that nobody ends.
        bus.submit(bus.close(file));
      }
    }
    Set<String> after = targets(descriptors);
    after.removeAll(before);
    assertEquals(Set.of(), after);
  }

  private static Set<String> targets(Path descriptors) throws IOException {
    Set<String> targets = new HashSet<>();
    try (var entries = Files.newDirectoryStream(descriptors)) {
      for (Path entry : entries) {
        try {
          String target = Files.readSymbolicLink(entry).toString();
          if (target.contains("leak") || target.contains("io_uring")) {
            targets.add(entry.getFileName() + " -> " + target);
          }
        } catch (IOException e) {
          // The descriptor of this very listing is gone when it is looked at.
        }
      }
    }
    return targets;
  }

  @Test
  void wakeupEndsATimedDispatch() throws Exception {
    try (Bus bus = open(4)) {
      bus.wakeup();
      bus.wakeup();
      assertNull(bus.dispatch(Long.MAX_VALUE));
      long start = nanoTime();
      assertNull(bus.dispatch(20_000_000));
      assertTrue(nanoTime() - start >= 20_000_000);
      for (int round = 0; round < 50; round++) {
        Thread waker = Thread.ofPlatform().start(bus::wakeup);
        assertEquals(0, bus.dispatch(1, 1, Long.MAX_VALUE, bus::done));
        waker.join();
      }
      bus.wakeup();
      bus.submit(bus.nop());
      bus.done(bus.dispatch());
      assertNull(bus.dispatch(Long.MAX_VALUE), "the wake-up was kept");
    }
  }

  @Test
  void callbacksRunInOrderInsideDispatch() throws IOException {
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
  void otherThreadsMayOnlyWake() throws Exception {
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

  private static Throwable failure(Runnable action) {
    return assertThrows(Throwable.class, action::run);
  }

  private Throwable failureOfOpen() {
    return assertThrows(Throwable.class, () -> open(4));
  }

  @Test
  void memoryOnTheHeapIsRefused() throws IOException {
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

  @Test
  void registeredFilesOutliveTheirDescriptor() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "registered");
      finish(bus, bus.write(file, pattern(arena, 100, 2), 0, WriteFlag.NONE));
      RegisteredFile registered = bus.register(file);
      closeFile(bus, file);
      bus.submit(bus.read(registered, arena.allocate(100), 0));
      Result result = bus.dispatch();
      assertEquals(100, result.endRead());
      bus.done(result);
      bus.unregister(registered);
      assertThrows(IllegalStateException.class, () -> bus.sync(registered));
    }
  }

  @Test
  void registeredBuffersStayUntilTheirLastResult() throws IOException {
    try (Bus bus = open(4);
        Bus other = open(4);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "buffer");
      RegisteredBuffer buffer = bus.register(pattern(arena, 16_384, 4));
      assertEquals(buffer.isRegistered(), buffer.refusal() == null);
      Handle write = bus.write(file, buffer, 4096, 8192, 0, WriteFlag.NONE);
      assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
      assertThrows(
          IllegalArgumentException.class, () -> other.read(file, buffer, 0, 4096, 0));
      assertThrows(
          IndexOutOfBoundsException.class, () -> bus.read(file, buffer, 16_000, 4096, 0));
      bus.submit(write);
      Result result = bus.dispatch();
      assertEquals(8192, result.endWrite());
      bus.done(result);
      bus.submit(bus.read(file, buffer, 0, 4096, 4096));
      Result read = bus.dispatch();
      assertEquals(4096, read.endRead());
      bus.done(read);
      assertSameBytes(buffer.memory().asSlice(8192, 4096), buffer.memory().asSlice(0, 4096));
      bus.unregister(buffer);
      assertThrows(IllegalStateException.class, () -> bus.read(file, buffer, 0, 1, 0));
      closeFile(bus, file);
    }
  }

  @Test
  void filesOfAnotherBackendAreRefused() throws IOException {
    try (Bus bus = open(2);
        Arena arena = Arena.ofShared()) {
      BackendKind stranger =
          kind() == BackendKind.NIO ? BackendKind.IO_URING : BackendKind.NIO;
      OpenFile file = new OpenFile(directory.resolve("x"), 0, stranger, false);
      assertThrows(
          IllegalArgumentException.class, () -> bus.read(file, arena.allocate(8), 0));
      assertThrows(IllegalArgumentException.class, () -> bus.close(file));
    }
  }

  /// An interrupt of a thread inside a `FileChannel` closes the channel for everybody, which
  /// has cost other stores their data files. Here it touches nothing but the caller's flag.
  @Test
  void interruptsOfTheOwnerCloseNothing() throws Exception {
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
  void operationsAllocateNothingInSteadyState() throws IOException {
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

  @Test
  void aFileThatNobodyTookIsClosedByDone() throws IOException {
    try (Bus bus = open(1)) {
      closeFile(bus, openNew(bus, "untaken"));
      bus.submit(bus.open(directory.resolve("untaken")));
      Result result = bus.dispatch();
      bus.done(result);
      assertThrows(IllegalStateException.class, bus::dispatch, "a close of its own has no result");
      Handle next = null;
      while (next == null) {
        assertNull(bus.dispatch(1_000_000));
        next = nopIfFree(bus);
      }
      finish(bus, next);
    }
  }

  private static @Nullable Handle nopIfFree(Bus bus) {
    try {
      return bus.nop();
    } catch (QueueFullException e) {
      return null;
    }
  }

  @Test
  void aWholeBatchIsPassedAtOnce() throws IOException {
    try (Bus bus = open(8)) {
      long start = nanoTime();
      for (int round = 0; round < 3; round++) {
        bus.enqueue(bus.nop(), bus.nop(), bus.nop(), bus.nop());
        assertEquals(4, bus.dispatchMinWait(4, 8, 20 * SECOND, 30 * SECOND, bus::done));
        bus.enqueue(bus.nop(), bus.nop(), bus.nop(), bus.nop());
        assertEquals(4, bus.dispatchMinWait(4, 4, 20 * SECOND, Long.MAX_VALUE, bus::done));
      }
      assertTrue(nanoTime() - start < 10 * SECOND, "waited for more than the batch");
      assertThrows(
          IllegalArgumentException.class, () -> bus.dispatchMinWait(0, 1, 0, 0, bus::done));
      assertThrows(
          IllegalArgumentException.class, () -> bus.dispatchMinWait(2, 1, 0, 0, bus::done));
      assertThrows(
          IllegalArgumentException.class, () -> bus.dispatchMinWait(1, 1, -1, 0, bus::done));
    }
  }

  @Test
  void afterTheLeastWaitAPartOfABatchIsEnough() throws IOException {
    try (Bus bus = open(8)) {
      long start = nanoTime();
      bus.enqueue(bus.nop(), bus.nop());
      assertEquals(2, bus.dispatchMinWait(4, 8, 20_000_000, 30 * SECOND, bus::done));
      assertTrue(nanoTime() - start >= 20_000_000, "gave up the batch too early");
      bus.enqueue(bus.nop(), bus.nop(), bus.nop());
      // Those that stay behind count for the next batch.
      assertEquals(1, bus.dispatchMinWait(1, 1, 1_000_000, 30 * SECOND, bus::done));
      assertEquals(2, bus.dispatchMinWait(4, 8, 20_000_000, 30 * SECOND, bus::done));
      bus.enqueue(bus.nop());
      assertEquals(1, bus.dispatchMinWait(4, 4, 0, 30 * SECOND, bus::done));
      assertTrue(nanoTime() - start < 20 * SECOND, "waited for what nobody sent");
    }
  }

  @Test
  void behindTheLeastWaitTheFirstResultEndsIt() throws Exception {
    try (Bus bus = open(4)) {
      bus.submit(bus.inbox());
      long start = nanoTime();
      assertEquals(0, bus.dispatchMinWait(2, 4, 1_000_000, 20_000_000, bus::done));
      assertTrue(nanoTime() - start >= 20_000_000, "the time was not over");
      assertEquals(0, bus.dispatchMinWait(2, 4, 20_000_000, 1_000_000, bus::done));
      assertEquals(0, bus.dispatchMinWait(2, 4, 0, 0, bus::done));
      for (long timeoutNanos : new long[] {30 * SECOND, Long.MAX_VALUE}) {
        Thread poster = Thread.ofPlatform().start(() -> later(() -> bus.post(7)));
        assertEquals(1, bus.dispatchMinWait(3, 4, 1_000_000, timeoutNanos, bus::done));
        poster.join();
      }
      Thread waker = Thread.ofPlatform().start(() -> later(bus::wakeup));
      assertEquals(0, bus.dispatchMinWait(3, 4, 1_000_000, 30 * SECOND, bus::done));
      waker.join();
      assertTrue(nanoTime() - start < 20 * SECOND, "a result did not end the wait");
    }
  }

  /// Most often when the least wait of the caller is over.
  private static void later(Runnable action) {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    action.run();
  }

  @Test
  void whatTakesSeveralRequestsIsOneOfABatch() throws IOException {
    try (Bus bus = open(4);
        Arena arena = Arena.ofShared()) {
      int length = 2 * Transfer.PIECE_BYTES + 100;
      MemorySegment written = pattern(arena, length, 4);
      OpenFile file = openNew(bus, "batch");
      bus.enqueue(bus.writeFully(file, written, 0, WriteFlag.NONE), bus.nop());
      int ended = 0;
      while (ended < 2) {
        ended += bus.dispatchMinWait(2 - ended, 4, 1_000_000, 30 * SECOND, bus::done);
      }
      assertEquals(length, status(bus, file).size());
      closeFile(bus, file);
    }
  }

  /// Each on a thread of its own: what the one sends is a result of the other.
  @Test
  void twoBussesSendEachOtherNumbers() throws Exception {
    int rounds = 200;
    try (Bus here = open(4)) {
      here.submit(here.inbox());
      SynchronousQueue<Bus> opened = new SynchronousQueue<>();
      FutureTask<Long> answers =
          new FutureTask<>(
              () -> {
                try (Bus there = open(4)) {
                  there.submit(there.inbox());
                  opened.put(there);
                  long message = 0;
                  for (int i = 0; i < rounds; i++) {
                    message = received(there);
                    here.post(message + 1);
                  }
                  return message;
                }
              });
      Thread owner = Thread.ofPlatform().start(answers);
      Bus there = requireNonNull(opened.poll(20, TimeUnit.SECONDS));
      long message = 1;
      for (int i = 0; i < rounds; i++) {
        there.post(message);
        message = received(here);
      }
      assertEquals(rounds + 1, message);
      assertEquals(rounds, answers.get(20, TimeUnit.SECONDS));
      owner.join();
      assertThrows(IllegalStateException.class, () -> there.post(1));
    }
  }

  static long received(Bus bus) throws IOException {
    Result result = requireNonNull(bus.dispatch(20 * SECOND), "nothing came");
    long message = result.endInbox();
    bus.done(result);
    return message;
  }

  @Test
  void aBufferThatWasMadeIsFreedWithItsRegistration() throws IOException {
    MemorySegment survivor;
    try (Bus bus = open(4)) {
      assertThrows(IllegalArgumentException.class, () -> bus.newBuffer(0, Pages.NORMAL));
      assertThrows(
          IllegalArgumentException.class, () -> bus.newBuffer((1L << 30) + 1, Pages.HUGE));
      OpenFile file = openNew(bus, "made");
      for (Pages pages : Pages.values()) {
        RegisteredBuffer buffer = bus.newBuffer(10_000, pages);
        MemorySegment memory = buffer.memory();
        assertEquals(10_000, memory.byteSize());
        assertEquals(0, memory.address() % 4096);
        assertEquals(-1, memory.mismatch(MemorySegment.ofArray(new byte[10_000])));
        memory.asSlice(0, 5000).fill((byte) 9);
        finish(bus, bus.write(file, buffer, 0, 5000, 0, WriteFlag.NONE));
        Handle read = bus.read(file, buffer, 5000, 5000, 0);
        bus.submit(read);
        if (buffer.inFlight() > 0) {
          assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
        }
        Result result = bus.dispatch();
        assertEquals(5000, result.endRead());
        bus.done(result);
        assertSameBytes(memory.asSlice(0, 5000), memory.asSlice(5000, 5000));
        bus.unregister(buffer);
        assertFalse(memory.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> bus.unregister(buffer));
        assertThrows(
            IllegalStateException.class, () -> bus.read(file, buffer, 0, 10, 0));
      }
      closeFile(bus, file);
      survivor = bus.newBuffer(100, Pages.HUGE).memory();
      assertTrue(survivor.scope().isAlive());
    }
    assertFalse(survivor.scope().isAlive());
  }

  @Test
  void hugePagesThatAreNotGrantedAreTold() throws IOException {
    try (Bus bus = open(2)) {
      List<String> before = fallbacksButRefusals(bus);
      assertEquals(Pages.NORMAL, bus.newBuffer(4096, Pages.NORMAL).pages());
      assertEquals(before, fallbacksButRefusals(bus));
      RegisteredBuffer buffer = bus.newBuffer(3 << 20, Pages.HUGE);
      if (buffer.pages() == Pages.HUGE) {
        assertEquals(kind(), BackendKind.IO_URING);
        assertEquals(0, buffer.memory().address() % (2 << 20));
        assertEquals(before, fallbacksButRefusals(bus));
      } else {
        String told = fallbacksButRefusals(bus).getLast();
        assertTrue(told.contains("3145728 bytes is not all on huge pages"), told);
        assertEquals(before.size() + 1, fallbacksButRefusals(bus).size());
      }
    }
  }

  /// Without those that tell of the memlock limit, which this host may reach.
  private static List<String> fallbacksButRefusals(Bus bus) {
    return bus.fallbacks().stream()
        .filter(line -> !line.startsWith("registered memory is used as plain memory: "))
        .toList();
  }

  @Test
  void reasonNamesTheBackend() throws IOException {
    try (Bus bus = open(3)) {
      assertEquals(kind(), bus.backend());
      assertNotNull(bus.reason());
      assertTrue(bus.reason().startsWith(kind().label()), bus::reason);
      assertEquals(3, bus.capacity());
    }
  }
}
