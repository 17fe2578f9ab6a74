package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Random programs of operations on one file, against an array that does what a file does.
final class BusProperties {

  private static final int SIZE_MAX = 40_000;

  enum Kind {
    WRITE,
    WRITE_FULLY,
    WRITE_REGISTERED,
    READ,
    READ_FULLY,
    READ_MANY,
    READ_CHAINED,
    READ_AFTER_SHORT,
    TRUNCATE,
    SYNC,
    RENAME,
    REOPEN,
    REGISTER,
    CANCEL
  }

  record Step(Kind kind, int offset, int length, int seed) {}

  @Provide
  Arbitrary<List<Step>> programs() {
    return Combinators.combine(
            Arbitraries.of(Kind.class),
            Arbitraries.integers().between(0, SIZE_MAX / 2),
            Arbitraries.integers().between(0, SIZE_MAX / 2),
            Arbitraries.integers().between(0, 255))
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(60);
  }

  @Property(tries = 60)
  void nioDoesWhatAFileDoes(@ForAll("programs") List<Step> program) throws IOException {
    runProgram(BackendKind.NIO, program);
  }

  @Property(tries = 60)
  void uringDoesWhatAFileDoes(@ForAll("programs") List<Step> program) throws IOException {
    runIfThere(BackendKind.IO_URING, program);
  }

  @Property(tries = 60)
  void kqueueDoesWhatAFileDoes(@ForAll("programs") List<Step> program) throws IOException {
    runIfThere(BackendKind.KQUEUE, program);
  }

  @Property(tries = 60)
  void simulatedHostDoesWhatAFileDoes(
      @ForAll("programs") List<Step> program, @ForAll long seed) throws IOException {
    SimDisk disk = new SimDisk();
    Path directory = Path.of("/properties");
    disk.createDirectories(directory);
    SimScheduler scheduler = new SimScheduler(seed, disk);
    BusOptions options = BusOptions.defaults().withScheduler(scheduler).withCapacity(16);
    scheduler.run(() -> runProgram(options, directory, new SimHostFiles(disk), program));
    assertEquals(0, scheduler.openFiles());
  }

  private static void runIfThere(BackendKind kind, List<Step> program) throws IOException {
    try {
      Bus.open(BusOptions.defaults().withBackend(kind)).close();
    } catch (IOException e) {
      System.err.println(
          "skipped: " + kind.label() + " is not available on this host: " + e.getMessage());
      return;
    }
    runProgram(kind, program);
  }

  private static void runProgram(BackendKind kind, List<Step> program) throws IOException {
    Path directory = Files.createTempDirectory("bus-properties");
    BusOptions options = BusOptions.defaults().withBackend(kind).withCapacity(16);
    try {
      runProgram(options, directory, HostFiles.REAL, program);
    } finally {
      Files.deleteIfExists(directory.resolve("a"));
      Files.deleteIfExists(directory.resolve("b"));
      Files.delete(directory);
    }
  }

  private static void runProgram(
      BusOptions options, Path directory, HostFiles files, List<Step> program)
      throws IOException {
    try (Bus bus = Bus.open(options);
        Arena arena = Arena.ofShared()) {
      Run run = new Run(bus, arena, files, directory.resolve("a"), directory.resolve("b"));
      for (Step step : program) {
        run.step(step);
      }
      run.end();
    }
  }

  /// The file, the array, and one step on both.
  private static final class Run {

    private final Bus bus;
    private final HostFiles files;
    private final MemorySegment memory;
    private final RegisteredBuffer buffer;
    private Path path;
    private Path other;
    private OpenFile open;
    private BusFile file;
    private byte[] model = new byte[0];

    Run(Bus bus, Arena arena, HostFiles files, Path path, Path other) throws IOException {
      this.bus = bus;
      this.files = files;
      this.path = path;
      this.other = other;
      memory = arena.allocate(SIZE_MAX);
      buffer = bus.register(arena.allocate(SIZE_MAX));
      bus.submit(bus.create(path, OpenFlag.READ));
      open = takeFile();
      file = open;
    }

    void step(Step step) throws IOException {
      int offset = step.offset();
      int length = step.length();
      switch (step.kind()) {
        case WRITE -> {
          WriteFlag flag = step.seed() % 8 == 0 ? WriteFlag.DSYNC : WriteFlag.NONE;
          fill(memory, length, step.seed());
          assertEquals(length, count(bus.write(file, slice(length), offset, flag)));
          overwrite(offset, length, step.seed());
        }
        case WRITE_FULLY -> {
          fill(memory, length, step.seed());
          bus.submit(bus.writeFully(file, slice(length), offset, WriteFlag.NONE));
          Result result = bus.dispatch();
          assertEquals(length, result.endWriteFully());
          bus.done(result);
          overwrite(offset, length, step.seed());
        }
        case WRITE_REGISTERED -> {
          int start = step.seed() * 16;
          fill(buffer.memory().asSlice(start), length, step.seed());
          assertEquals(
              length, count(bus.write(file, buffer, start, length, offset, WriteFlag.NONE)));
          overwrite(offset, length, step.seed());
        }
        case READ -> {
          bus.submit(bus.read(file, slice(length), offset));
          Result result = bus.dispatch();
          int expected = available(offset, length);
          assertEquals(expected == 0 && length > 0 ? -1 : expected, result.endRead());
          bus.done(result);
          assertBytes(memory, offset, expected);
        }
        case READ_FULLY -> {
          bus.submit(bus.readFully(file, slice(length), offset));
          Result result = bus.dispatch();
          int expected = available(offset, length);
          assertEquals(expected, result.endReadFully());
          bus.done(result);
          assertBytes(memory, offset, expected);
        }
        case READ_MANY -> readMany(offset);
        case READ_CHAINED -> {
          fill(memory, length, step.seed());
          MemorySegment into = buffer.memory().asSlice(0, length);
          Handle write = bus.write(file, slice(length), offset, WriteFlag.NONE);
          Handle read = bus.read(file, into, offset);
          bus.chain(write, read);
          endBoth();
          overwrite(offset, length, step.seed());
          assertBytes(into, offset, length);
        }
        case READ_AFTER_SHORT -> {
          int size = model.length;
          Handle shortRead = bus.read(file, slice(SIZE_MAX), size);
          Handle read = bus.read(file, buffer.memory().asSlice(0, length), offset);
          bus.chain(shortRead, read);
          assertEquals(1, endBoth());
        }
        case TRUNCATE -> {
          assertEquals(0, count(bus.truncate(file, offset)));
          model = Arrays.copyOf(model, offset);
        }
        case SYNC -> assertEquals(
            0, count(step.seed() % 2 == 0 ? bus.sync(file) : bus.dataSync(file)));
        case RENAME -> {
          assertEquals(0, count(bus.rename(path, other)));
          Path old = path;
          path = other;
          other = old;
        }
        case REOPEN -> {
          unregister();
          assertEquals(0, count(bus.close(open)));
          bus.submit(bus.open(path, OpenFlag.READ, OpenFlag.WRITE));
          open = takeFile();
          file = open;
        }
        case REGISTER -> {
          if (file == open) {
            file = bus.register(open);
          } else {
            unregister();
          }
        }
        case CANCEL -> cancelOne(offset);
      }
    }

    void end() throws IOException {
      bus.submit(bus.stat(file));
      Result result = bus.dispatch();
      assertEquals(model.length, result.endStat().size());
      bus.done(result);
      unregister();
      assertEquals(0, count(bus.close(open)));
      assertTrue(Arrays.equals(model, files.read(path)));
    }

    private void readMany(int offset) throws IOException {
      int size = 1000;
      for (int i = 0; i < 16; i++) {
        MemorySegment into = memory.asSlice((long) i * size, size);
        bus.enqueue(bus.read(file, into, offset + i * 50).attach(i));
      }
      for (int ended = 0; ended < 16; ended++) {
        Result result = bus.dispatch();
        int i = (Integer) requireNonNull(result.attachment());
        int expected = available(offset + i * 50, size);
        assertEquals(expected == 0 ? -1 : expected, result.endRead());
        assertBytes(memory.asSlice((long) i * size, size), offset + i * 50, expected);
        bus.done(result);
      }
    }

    private void cancelOne(int offset) throws IOException {
      Handle read = bus.read(file, slice(100), offset);
      bus.enqueue(read);
      bus.submit(bus.cancel(read));
      for (int ended = 0; ended < 2; ended++) {
        Result result = bus.dispatch();
        if (result.handle() == read) {
          assertTrue(result.errno() == 0 || result.errno() == 125);
        } else {
          result.endCancel();
        }
        bus.done(result);
      }
    }

    /// Dispatches two results and returns how many were cancelled.
    private int endBoth() throws IOException {
      int cancelled = 0;
      for (int i = 0; i < 2; i++) {
        Result result = bus.dispatch();
        assertTrue(result.errno() == 0 || result.errno() == 125);
        cancelled += result.isFailure() ? 1 : 0;
        bus.done(result);
      }
      return cancelled;
    }

    private int count(Handle handle) throws IOException {
      bus.submit(handle);
      Result result = bus.dispatch();
      assertEquals(0, result.errno(), handle::toString);
      int outcome = result.handle().outcome;
      bus.done(result);
      return outcome;
    }

    private OpenFile takeFile() throws IOException {
      Result result = bus.dispatch();
      OpenFile taken = result.endOpen();
      bus.done(result);
      return taken;
    }

    private void unregister() {
      if (file instanceof RegisteredFile registered) {
        bus.unregister(registered);
        file = open;
      }
    }

    private MemorySegment slice(int length) {
      return memory.asSlice(0, length);
    }

    private int available(int offset, int length) {
      return Math.max(0, Math.min(length, model.length - offset));
    }

    private void overwrite(int offset, int length, int seed) {
      if (length > 0 && offset + length > model.length) {
        model = Arrays.copyOf(model, offset + length);
      }
      for (int i = 0; i < length; i++) {
        model[offset + i] = byteAt(i, seed);
      }
    }

    private void assertBytes(MemorySegment found, int offset, int length) {
      MemorySegment expected = MemorySegment.ofArray(model);
      assertEquals(
          -1,
          MemorySegment.mismatch(
              expected, Math.min(offset, model.length), Math.min(offset, model.length) + length,
              found, 0, length));
    }

    private static void fill(MemorySegment memory, int length, int seed) {
      for (int i = 0; i < length; i++) {
        memory.set(ValueLayout.JAVA_BYTE, i, byteAt(i, seed));
      }
    }

    private static byte byteAt(int i, int seed) {
      return (byte) (i * 7 + seed);
    }
  }
}
