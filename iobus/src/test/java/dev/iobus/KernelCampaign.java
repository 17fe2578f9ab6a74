package dev.iobus;

import dev.iobus.posix.Errno;
import dev.iobus.uring.AnsweringKernel;
import dev.iobus.uring.KernelFeature;
import dev.iobus.uring.LimitedKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What a bus does another way where the kernel lacks something, with waits that end: for planted
/// faults to be found by and not to hang. Stateless.
public final class KernelCampaign {

  private static final int BLOCKS = 8;
  private static final int BLOCK = 4096;
  private static final long WAIT_NANOS = 2_000_000_000L;

  private KernelCampaign() {}

  /// Runs all of it.
  public static void run() throws IOException {
    Path path = Files.createTempFile("kernel-campaign", ".data");
    try {
      byte[] content = new byte[BLOCKS * BLOCK];
      for (int i = 0; i < content.length; i++) {
        content[i] = (byte) (1 + i / BLOCK);
      }
      Files.write(path, content);
      everyEntryIsRead(path);
      memoryThatIsRefusedIsPlain(path);
      whatEndsWithItsThreadIsDone(path);
    } finally {
      Files.delete(path);
    }
  }

  /// A queue without an array of its entries' numbers has all of them done, each once.
  private static void everyEntryIsRead(Path path) throws IOException {
    LimitedKernel kernel = new LimitedKernel(List.of(KernelFeature.NO_SQARRAY));
    Arena arena = Arena.ofShared();
    // Not closed when this fails: closing waits for every result, and one may never come.
    Bus bus = KernelBus.open(BusOptions.defaults().withCapacity(BLOCKS), kernel);
    OpenFile file = open(bus, path);
    MemorySegment memory = arena.allocate(BLOCKS * BLOCK);
    Handle[] reads = new Handle[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      reads[i] = bus.read(file, memory.asSlice((long) i * BLOCK, BLOCK), (long) i * BLOCK);
    }
    bus.submit(reads);
    List<Handle> done = new ArrayList<>();
    for (int i = 0; i < BLOCKS; i++) {
      Result result = next(bus);
      require(result.endRead() == BLOCK, "a read is short");
      done.add(result.handle());
      bus.done(result);
    }
    require(done.containsAll(Arrays.asList(reads)), "a read has no result of its own");
    for (int i = 0; i < BLOCKS; i++) {
      byte found = memory.get(ValueLayout.JAVA_BYTE, (long) i * BLOCK);
      require(found == i + 1, "block " + i + " is " + found);
    }
    close(bus, file);
    kernel.close();
    arena.close();
  }

  /// Memory beyond the memlock limit is used as it is, and the buffer says so.
  private static void memoryThatIsRefusedIsPlain(Path path) throws IOException {
    LimitedKernel kernel = new LimitedKernel(List.of(KernelFeature.LOCKED_MEMORY));
    Arena arena = Arena.ofShared();
    Bus bus = KernelBus.open(BusOptions.defaults().withCapacity(BLOCKS), kernel);
    OpenFile file = open(bus, path);
    RegisteredBuffer buffer = bus.register(arena.allocate(2 * BLOCK));
    require(!buffer.isRegistered(), "registered beyond the limit");
    require(String.valueOf(buffer.refusal()).contains("memlock"), "no word of the limit");
    require(
        bus.fallbacks().stream().anyMatch(line -> line.contains("plain memory")),
        "fallbacks without the memory");
    bus.submit(bus.read(file, buffer, BLOCK, BLOCK, 3L * BLOCK));
    Result result = next(bus);
    require(result.endRead() == BLOCK, "a read is short");
    bus.done(result);
    byte found = buffer.memory().get(ValueLayout.JAVA_BYTE, BLOCK);
    require(found == 4, "block 3 is " + found);
    bus.unregister(buffer);
    close(bus, file);
    kernel.close();
    arena.close();
  }

  /// The kernel cancels what a thread has submitted when that thread ends: for its caller it happens
  /// all the same.
  private static void whatEndsWithItsThreadIsDone(Path path) throws IOException {
    AnsweringKernel kernel = AnsweringKernel.ofStats(-Errno.ECANCELED, 20);
    BusOptions options = BusOptions.defaults().withBackend(BackendKind.IO_URING).withCapacity(4);
    try (SharedBus bus = SharedBus.open(options, () -> kernel)) {
      OpenFile file = bus.open(path);
      require(bus.stat(file).size() == BLOCKS * BLOCK, "another size");
      require(kernel.left() == 0, "the kernel has cancelled nothing");
      bus.close(file);
    }
    kernel.close();
  }

  private static OpenFile open(Bus bus, Path path) throws IOException {
    bus.submit(bus.open(path, OpenFlag.READ));
    Result result = next(bus);
    OpenFile file = result.endOpen();
    bus.done(result);
    return file;
  }

  private static void close(Bus bus, OpenFile file) throws IOException {
    bus.submit(bus.close(file));
    Result result = next(bus);
    result.endClose();
    bus.done(result);
    bus.close();
  }

  private static Result next(Bus bus) throws IOException {
    Result result = bus.dispatch(WAIT_NANOS);
    if (result == null) {
      throw new AssertionError("no result in 2 s");
    }
    return result;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
