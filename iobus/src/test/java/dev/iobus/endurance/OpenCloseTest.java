package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.BackendKind;
import dev.iobus.BufferPool;
import dev.iobus.Bus;
import dev.iobus.BusOptions;
import dev.iobus.HostFiles;
import dev.iobus.Callers;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.Result;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Busses that are opened, used, and closed under what is in flight, again and again, leave no
/// descriptor, thread, mapping or memory behind.
@Timeout(1200)
final class OpenCloseTest {

  /// Busses in each test; `-Pendurance` asks for ten thousand.
  private static final int BUSSES = Integer.getInteger("iobus.endurance.busses", 40);

  private static final int WARM_UP = 10;
  private static final int POOL_BYTES = 4 << 20;

  /// Half of what would be lost if pools were.
  private static final long GROWTH_MAX = (long) BUSSES * POOL_BYTES / 2;

  @TempDir Path directory;

  private Path path = Path.of("");

  @BeforeEach
  void writeFile() throws IOException {
    path = Files.write(directory.resolve("file"), new byte[4096]);
  }

  private interface Round {
    void run() throws Exception;
  }

  private static void repeat(Round round) throws Exception {
    for (int i = 0; i < WARM_UP; i++) {
      round.run();
    }
    ProcessState before = ProcessState.now();
    for (int i = 0; i < BUSSES; i++) {
      round.run();
    }
    ProcessState.settled(before.descriptors())
        .assertNothingLeftSince(before, GROWTH_MAX);
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "KQUEUE", "NIO"})
  void bussesLeaveNothing(BackendKind kind) throws Exception {
    BusOptions options = Host.options(kind, 16);
    repeat(() -> useBus(options));
  }

  private void useBus(BusOptions options) throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(options)) {
      BufferPool pool = bus.newPool(4, POOL_BYTES / 4);
      MemorySegment memory = arena.allocate(4096);
      OpenFile file = open(bus);
      Stream[] streams = Connections.overPath(bus, directory, HostFiles.REAL, arena.allocate(8));
      bus.register(memory);
      bus.submit(bus.read(bus.register(file), memory, 0));
      bus.submit(bus.open(path), bus.open(path)); // Nobody takes the files.
      bus.submit(bus.timeout(Duration.ofHours(1)), bus.inbox());
      bus.submit(bus.recvMany(streams[1].from, pool));
      bus.submit(bus.close(file), bus.close(streams[1].from), bus.close(streams[0].from));
      bus.done(bus.dispatch());
    }
  }

  private OpenFile open(Bus bus) throws IOException {
    bus.submit(bus.open(path, OpenFlag.READ));
    Result result = bus.dispatch();
    OpenFile file = result.endOpen();
    bus.done(result);
    return file;
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "KQUEUE", "NIO"})
  void sharedBussesLeaveNothing(BackendKind kind) throws Exception {
    BusOptions options = Host.options(kind, 16).withRings(2);
    repeat(() -> useSharedBus(options));
  }

  private void useSharedBus(BusOptions options) throws Exception {
    try (SharedBus bus = SharedBus.open(options)) {
      OpenFile file = bus.open(path, OpenFlag.READ);
      bus.register(file);
      Callers readers = new Callers();
      for (int i = 0; i < 4; i++) {
        readers.start(
            i % 2 == 0 ? Callers.Kind.VIRTUAL : Callers.Kind.PLATFORM,
            () -> readAndSync(bus, file));
      }
      readers.await();
      bus.close(file);
    }
  }

  private static void readAndSync(SharedBus bus, OpenFile file) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      assertEquals(4096, bus.read(file, arena.allocate(4096), 0));
      bus.sync(file);
    }
  }
}
