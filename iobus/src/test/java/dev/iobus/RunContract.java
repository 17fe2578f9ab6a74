package dev.iobus;

import static dev.iobus.BusSteps.closeFile;
import static dev.iobus.BusSteps.errnos;
import static dev.iobus.BusSteps.finish;
import static dev.iobus.BusSteps.opened;
import static dev.iobus.BusSteps.status;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What every bus promises of chains and series.
interface RunContract extends BusHost {

  @Test
  default void chainIsCutByFailure() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "chain");
      OpenFile reader = opened(bus, bus.open(directory().resolve("chain")));
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
  default void chainIsCutByShortReadAndSerializeIsNot() throws IOException {
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

  @Test
  default void runsThatCannotBePlacedWholeAreRefused() throws IOException {
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
  default void runsAreNotSplitByAFullSubmissionQueue() throws IOException {
    try (Bus bus = open(64);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "whole");
      OpenFile reader = opened(bus, bus.open(directory().resolve("whole")));
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

  /// The last operation of a run counted as one that a close waits for, and was not taken out again
  /// when it ended. The close got its handle, and waited for itself.
  @Test
  default void aFileIsClosedBehindARun() throws IOException {
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

  /// A run that waits with its close was forgotten by the close of another file of it, which went
  /// ahead: the run's sync then met whatever file had got the number.
  @Test
  default void aCloseWaitsBehindARunThatWaits() throws IOException {
    try (Bus bus = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile first = openNew(bus, "first");
      OpenFile second = openNew(bus, "second");
      Handle write = bus.writeFully(first, arena.allocate(4 << 20), 0, WriteFlag.NONE);
      bus.enqueue(write);
      Handle closeFirst = bus.close(first);
      Handle sync = bus.sync(second);
      bus.chain(closeFirst, sync);
      Handle closeSecond = bus.close(second);
      bus.submit(closeSecond);
      assertEquals(List.of(0, 0, 0, 0), errnos(bus, write, closeFirst, sync, closeSecond));
    }
  }

  /// A bus knew of its own operations alone. Another could close a file between two pieces of a
  /// transfer, and the next piece went into the file that was opened after it.
  @Test
  default void aCloseIsRefusedWhileAnotherBusNeedsTheFile() throws IOException {
    try (Bus bus = open(8);
        Bus other = open(8);
        Arena arena = Arena.ofShared()) {
      OpenFile file = openNew(bus, "needed");
      Handle write = bus.writeFully(file, arena.allocate(4 << 20), 0, WriteFlag.NONE);
      bus.submit(write);
      Handle early = other.close(file);
      assertThrows(IllegalStateException.class, () -> other.enqueue(early));
      assertFalse(file.isClosed());
      assertEquals(List.of(0), errnos(bus, write));
      other.submit(early);
      assertEquals(List.of(0), errnos(other, early));
      assertTrue(file.isClosed());
      // Its own bus closes it behind what is in flight, and a run that is held needs it as well.
      OpenFile own = openNew(bus, "own");
      Handle again = bus.writeFully(own, arena.allocate(1 << 20), 0, WriteFlag.NONE);
      Handle alone = bus.sync(own);
      bus.enqueue(again);
      bus.drain(alone);
      Handle refused = other.close(own);
      assertThrows(IllegalStateException.class, () -> other.enqueue(refused));
      other.discard(refused);
      Handle close = bus.close(own);
      bus.submit(close);
      assertEquals(List.of(0, 0, 0), errnos(bus, again, alone, close));
    }
  }

  /// What stood behind a close of its file in the same call was refused in the middle of it, and
  /// counted as in flight for ever.
  @Test
  default void whatStandsBehindACloseInOneCallFindsNoFile() throws IOException {
    try (Bus bus = open(8)) {
      OpenFile file = openNew(bus, "gone");
      Handle close = bus.close(file);
      Handle stat = bus.stat(file);
      bus.submit(close, stat);
      assertEquals(List.of(0, 9), errnos(bus, close, stat));
      assertEquals(0, bus.inFlight());
    }
  }
}
