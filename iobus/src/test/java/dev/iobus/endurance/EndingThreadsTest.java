package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.BackendKind;
import dev.iobus.BusException;
import dev.iobus.Callers;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Callers of a shared bus whose threads end as soon as their own call has returned, while what
/// they have submitted for others is still with workers of the kernel. The kernel cancels that with
/// the thread; for its callers it must happen all the same, and once. How often the kernel comes to
/// cancel is chance; that its cancel is no result is shown for certain by `KernelCampaign`.
@Timeout(600)
final class EndingThreadsTest {

  /// Threads that come and go; `-Pendurance` asks for a hundred thousand.
  private static final int THREADS = Integer.getInteger("iobus.endurance.threads", 400);

  private static final int AT_ONCE = 8;
  private static final int RESIDENTS = 16;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "KQUEUE", "NIO"})
  void whatAnEndedThreadSubmittedHappensOnce(BackendKind kind) throws Exception {
    try (SharedBus bus = SharedBus.open(Host.options(kind, 64))) {
      AtomicBoolean ending = new AtomicBoolean();
      Callers residents = new Callers();
      for (int i = 0; i < RESIDENTS; i++) {
        Path home = Files.createDirectory(directory.resolve("home-" + i));
        residents.startVirtual(() -> rename(bus, home, ending));
      }
      Callers passing = new Callers();
      for (int i = 0; i < THREADS / AT_ONCE && !residents.hasFailed(); i++) {
        for (int n = 0; n < AT_ONCE; n++) {
          passing.startPlatform(() -> unlinkNothing(bus));
        }
        passing.await();
      }
      ending.set(true);
      residents.await();
    }
  }

  /// A worker of the kernel does it, as it does the renames.
  private void unlinkNothing(SharedBus bus) {
    Path none = directory.resolve("none");
    BusException e = assertThrows(BusException.class, () -> bus.unlink(none));
    assertEquals("ENOENT", e.errnoName());
  }

  /// Each rename finds the file where the one before has left it, or fails.
  private static void rename(SharedBus bus, Path home, AtomicBoolean ending) throws IOException {
    OpenFile file = bus.open(home.resolve("0"), OpenFlag.WRITE, OpenFlag.CREATE);
    int count = 0;
    while (!ending.get()) {
      bus.rename(home.resolve("" + count), home.resolve("" + (count + 1)));
      count++;
      if (count % 8 == 0) {
        bus.sync(file);
      }
    }
    bus.close(file);
    assertEquals(List.of("" + count), bus.list(home));
  }
}
