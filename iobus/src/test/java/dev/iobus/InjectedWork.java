package dev.iobus;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.FutureTask;

/// Work on both kinds of bus in a JVM whose system calls fail now and then. It prints what the
/// busses tell of themselves, one `name: value` a line, and `whole: yes` at the end if nothing else
/// was noticed.
final class InjectedWork {

  private static final BusOptions OPTIONS = BusOptions.defaults().withCapacity(32);
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 16;
  private static final long LIMIT_NANOS = 20_000_000_000L;

  private InjectedWork() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    // Each on a thread of its own, as strace counts the calls of each thread.
    onThreadOfItsOwn(() -> ownedBus(directory.resolve("one")));
    onThreadOfItsOwn(() -> sharedBus(directory.resolve("many")));
    System.out.println("whole: yes");
  }

  private interface Work {
    void run() throws Exception;
  }

  private static void onThreadOfItsOwn(Work work) throws Exception {
    FutureTask<Boolean> task =
        new FutureTask<>(
            () -> {
              work.run();
              return true;
            });
    Thread.ofPlatform().start(task);
    task.get();
  }

  private static void ownedBus(Path path) throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(OPTIONS)) {
      RegisteredBuffer buffer = bus.register(arena.allocate(BLOCK, BLOCK));
      tell(bus.backend(), bus.fallbacks(), buffer);
      work(bus, path, pattern(arena, 1), arena, buffer);
      tell(bus.stats());
    }
  }

  private static void sharedBus(Path path) throws Exception {
    try (Arena arena = Arena.ofShared();
        SharedBus bus = SharedBus.open(OPTIONS)) {
      RegisteredBuffer buffer = bus.register(arena.allocate(BLOCK, BLOCK));
      tell(bus.backend(), bus.fallbacks(), buffer);
      work(bus, path, pattern(arena, 2), arena);
      tell(bus.stats());
    }
  }

  private static void tell(BackendKind kind, List<String> fallbacks, RegisteredBuffer buffer) {
    System.out.println("backend: " + kind);
    fallbacks.forEach(line -> System.out.println("fallback: " + line));
    System.out.println("buffer: " + buffer.refusal());
  }

  private static void tell(BusStats stats) {
    BusStats.Enters one = stats.submitting();
    BusStats.Enters other = stats.waiting();
    System.out.println("retries EINTR: " + (one.interrupted() + other.interrupted()));
    System.out.println("retries EAGAIN: " + (one.again() + other.again()));
    System.out.println("retries EBUSY: " + (one.busy() + other.busy()));
    System.out.println("repeated: " + stats.repeatedEnters());
  }

  private static MemorySegment pattern(Arena arena, int seed) {
    MemorySegment memory = arena.allocate((long) BLOCK * BLOCKS, BLOCK);
    for (long i = 0; i < memory.byteSize(); i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 + (i >> 12) + seed));
    }
    return memory;
  }

  private static void expect(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  private static void work(
      Bus bus, Path path, MemorySegment bytes, Arena arena, RegisteredBuffer buffer)
      throws IOException {
    bus.submit(bus.create(path, OpenFlag.READ));
    Result created = next(bus);
    OpenFile file = created.endOpen();
    bus.done(created);
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < BLOCKS; i++) {
        MemorySegment block = bytes.asSlice((long) i * BLOCK, BLOCK);
        bus.enqueue(bus.write(file, block, (long) i * BLOCK, WriteFlag.NONE));
      }
      endAll(bus, BLOCKS, BLOCK);
      MemorySegment read = arena.allocate(bytes.byteSize(), BLOCK);
      for (int i = 0; i < BLOCKS; i++) {
        MemorySegment block = read.asSlice((long) i * BLOCK, BLOCK);
        bus.enqueue(bus.read(file, block, (long) i * BLOCK));
      }
      endAll(bus, BLOCKS, BLOCK);
      expect(bytes.mismatch(read) < 0, "other bytes are read than were written");
      bus.submit(bus.read(file, buffer, 0, BLOCK, BLOCK));
      endAll(bus, 1, BLOCK);
      MemorySegment second = bytes.asSlice(BLOCK, BLOCK);
      expect(buffer.memory().mismatch(second) < 0, "other bytes are in the buffer");
      bus.chain(bus.write(file, second, BLOCK, WriteFlag.NONE), bus.dataSync(file));
      endAll(bus, 2, -1);
    }
    for (int i = 0; i < 200; i++) {
      bus.submit(bus.nop());
      endAll(bus, 1, 0);
    }
    bus.submit(bus.close(file));
    endAll(bus, 1, 0);
  }

  private static Result next(Bus bus) throws IOException {
    Result result = bus.dispatch(LIMIT_NANOS);
    if (result == null) {
      throw new AssertionError("no result within the limit");
    }
    return result;
  }

  /// Ends so many operations, each with the same outcome; −1 for any that is no failure.
  private static void endAll(Bus bus, int count, int outcome) throws IOException {
    for (int i = 0; i < count; i++) {
      Result result = next(bus);
      Handle handle = result.handle();
      expect(!result.isFailure(), handle + " ended with error " + result.errno());
      expect(outcome < 0 || handle.outcome == outcome, handle + " ended with " + handle.outcome);
      bus.done(result);
    }
  }

  private static void work(SharedBus bus, Path path, MemorySegment bytes, Arena arena)
      throws Exception {
    OpenFile file = bus.open(path, OpenFlag.CREATE, OpenFlag.READ, OpenFlag.WRITE);
    MemorySegment read = arena.allocate(bytes.byteSize(), BLOCK);
    IoBatch batch = bus.newBatch(BLOCKS);
    for (int round = 0; round < 10; round++) {
      batch.clear();
      for (int i = 0; i < BLOCKS; i++) {
        MemorySegment block = bytes.asSlice((long) i * BLOCK, BLOCK);
        batch.write(file, block, (long) i * BLOCK, WriteFlag.NONE);
      }
      batch.await();
      batch.clear();
      for (int i = 0; i < BLOCKS; i++) {
        batch.read(file, read.asSlice((long) i * BLOCK, BLOCK), (long) i * BLOCK);
      }
      batch.await();
      for (int i = 0; i < BLOCKS; i++) {
        expect(batch.result(i) == BLOCK, "a block is short");
      }
      expect(bytes.mismatch(read) < 0, "other bytes are read than were written");
    }
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      threads.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      for (int i = 0; i < 20; i++) {
                        expect(bus.stat(file).size() == bytes.byteSize(), "another size");
                      }
                    } catch (IOException | AssertionError e) {
                      failures.add(e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    expect(failures.isEmpty(), failures.toString());
    bus.close(file);
  }
}
