package dev.iobus;

import static dev.iobus.BusSteps.assertAllFree;
import static dev.iobus.BusSteps.closeFile;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of an operation that is done again while another thread closes its file, or
/// the arena of its memory.
///
/// Between the check and the start, where nothing can be refused any more, that once left the handle
/// prepared: its result was lost, `done` refused it, and it was in use for ever. Later the memory that was
/// freed then was given to the kernel all the same. Now the operation ends.
interface RearmRaceContract extends BusHost {

  /// One that goes the short way to the backend, and one that does not.
  private static List<Handle> reads(Bus bus, BusFile file, Arena arena) {
    return List.of(
        bus.read(file, arena.allocate(8), 0),
        bus.read(file, arena.allocate(8), 0).deadline(Duration.ofMinutes(1)));
  }

  /// Makes each what it was before it was enqueued, as [Bus#rearm] does before it starts it.
  private static void prepareAgain(Bus bus, List<Handle> handles) throws IOException {
    for (Handle handle : handles) {
      bus.submit(handle);
      assertSame(handle, bus.dispatch().handle());
      Rearming.prepare(bus, bus.table(), handle);
    }
  }

  /// Starts them, and expects each to end with this error.
  private static void assertEndsWith(int errno, Bus bus, List<Handle> handles) throws IOException {
    for (Handle handle : handles) {
      bus.placing().placeRearmed(bus, handle);
      assertEquals(1, bus.inFlight());
      Result result = bus.dispatch();
      assertSame(handle, result.handle());
      assertEquals(errno, assertThrows(BusException.class, result::endRead).errno());
      bus.done(result);
    }
    assertAllFree(bus);
  }

  @Test
  default void whatLosesItsFileBeforeItIsDoneAgainEnds() throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = open(4)) {
      OpenFile file = openNew(bus, "closed");
      // The same descriptor, which stays open: it is the right to it that is taken away.
      OpenFile view = new OpenFile(Path.of(file.path()), file.descriptor(), file.backend(), false);
      List<Handle> handles = reads(bus, view, arena);
      prepareAgain(bus, handles);
      view.releaseDescriptor(0);
      assertEndsWith(Errno.EBADF, bus, handles);
      closeFile(bus, file);
    }
  }

  @Test
  default void whatLosesItsMemoryBeforeItIsDoneAgainEnds() throws IOException {
    try (Bus bus = open(4)) {
      OpenFile file = openNew(bus, "freed");
      RegisteredFile slot = bus.register(file);
      for (BusFile on : List.of(file, slot)) {
        Arena arena = Arena.ofShared();
        List<Handle> handles = reads(bus, on, arena);
        prepareAgain(bus, handles);
        arena.close();
        assertEndsWith(Errno.EFAULT, bus, handles);
      }
      assertFalse(slot.isInUse());
      bus.unregister(slot);
      closeFile(bus, file);
    }
  }

  /// Its end is not counted as one that an operation waits for which runs alone.
  @Test
  default void whatLosesItsMemoryBehindADrainEnds() throws IOException {
    try (Bus bus = open(4)) {
      OpenFile file = openNew(bus, "drained");
      Arena arena = Arena.ofShared();
      List<Handle> handles = List.of(bus.read(file, arena.allocate(8), 0));
      prepareAgain(bus, handles);
      Handle before = bus.timeout(Duration.ofMillis(1));
      Handle alone = bus.nop();
      bus.enqueue(before);
      bus.drain(alone);
      arena.close();
      bus.placing().placeRearmed(bus, handles.getFirst());
      assertEquals(3, bus.inFlight());
      Result refused = bus.dispatch();
      assertSame(handles.getFirst(), refused.handle());
      assertEquals(Errno.EFAULT, refused.errno());
      bus.done(refused);
      for (Handle next : List.of(before, alone)) {
        Result result = bus.dispatch();
        assertSame(next, result.handle());
        bus.done(result);
      }
      assertAllFree(bus);
      closeFile(bus, file);
    }
  }
}
