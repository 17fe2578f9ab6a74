package dev.iobus;

import static dev.iobus.BusSteps.assertAllFree;
import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.opened;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An operation is done again while another thread closes its file. If the close came between the check
/// and the start the handle was left prepared: its result was lost, `done` refused it, and it was in use
/// for ever. Now it is refused with its result as it was, or ends.
@Timeout(60)
final class RearmRaceTest {

  private static final int ROUNDS = 3_000;

  @TempDir Path directory;

  @Test
  void anOperationIsNotLostToAClose() throws Exception {
    Path path = Files.write(directory.resolve("file"), new byte[512]);
    AtomicReference<@Nullable OpenFile> closing = new AtomicReference<>();
    Thread closer = Thread.ofPlatform().daemon().start(() -> closeEach(closing));
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(BusOptions.defaults().withCapacity(2))) {
      OpenFile file = opened(bus, bus.open(path));
      MemorySegment into = arena.allocate(512);
      for (int i = 0; i < ROUNDS; i++) {
        // The same descriptor, which stays open: it is the right to it that is taken away.
        OpenFile view = new OpenFile(path, file.descriptor(), file.backend(), false);
        // A run of one goes no short way, also when it is done again.
        bus.chain(bus.read(view, into, 0));
        Result result = bus.dispatch();
        closing.set(view);
        rearmOnce(bus, result);
        assertAllFree(bus);
        while (closing.get() != null) {
          Thread.onSpinWait();
        }
      }
      closeFile(bus, file);
    } finally {
      closer.interrupt();
      closer.join();
    }
  }

  private static void rearmOnce(Bus bus, Result result) throws IOException {
    try {
      bus.rearm(result);
    } catch (IllegalStateException closed) {
      bus.done(result);
      return;
    }
    bus.done(bus.dispatch()); // Read, or refused with EBADF.
  }

  private static void closeEach(AtomicReference<@Nullable OpenFile> closing) {
    while (!Thread.currentThread().isInterrupted()) {
      OpenFile file = closing.get();
      if (file != null) {
        file.releaseDescriptor(0);
        closing.set(null);
      }
      Thread.onSpinWait();
    }
  }
}
