package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.IoBatch;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class IoSlabTest {

  private static final int PAGES = 16;
  private static final int BYTES = PAGES * PageCache.PAGE_BYTES;

  @TempDir Path temp;

  /// A slab took all that the user may lock, and the next ring of that user could not be opened.
  @Test
  void moreThanHalfOfWhatMayBeLockedStaysPlainMemory() throws Exception {
    try (SharedBus bus = TestBus.open(BackendKind.IO_URING)) {
      IoSlab slab = IoSlab.open(bus, BYTES, 2 * BYTES - 1);
      assertEquals(
          "64 KiB, plain memory: more than half of the 131071 bytes that the memlock limit allows;"
              + " raise it (ulimit -l)",
          slab.describe());
      transferAndCheck(bus, slab);
      assertEquals(BYTES, slab.close());
    }
  }

  @Test
  void halfOfWhatMayBeLockedIsRegistered() throws Exception {
    try (SharedBus bus = TestBus.open(BackendKind.IO_URING)) {
      for (long lockedBytesMax : new long[] {2L * BYTES * bus.rings(), Long.MAX_VALUE}) {
        assertDescribed("64 KiB, registered", bus, lockedBytesMax);
      }
    }
  }

  @Test
  void asManyRingsKnowItAsHalfOfWhatMayBeLockedHolds() throws Exception {
    BusOptions three = BusOptions.defaults().withBackend(BackendKind.IO_URING).withRings(3);
    TestBus.open(BackendKind.IO_URING).close(); // Skips where there is none.
    try (SharedBus bus = SharedBus.open(three)) {
      // Once is enough for all from Linux 6.13 on.
      boolean clones = bus.reason().contains(" CLONE_BUFFERS");
      assertDescribed(
          clones
              ? "64 KiB, registered"
              : "64 KiB, registered with 2 of 3 rings: half of the 393215 bytes that the memlock"
                  + " limit allows hold no more; raise it (ulimit -l)",
          bus,
          6 * BYTES - 1);
      if (clones) {
        assertDescribed("64 KiB, registered", bus, 2 * BYTES);
      }
    }
  }

  private void assertDescribed(String expected, SharedBus bus, long lockedBytesMax)
      throws Exception {
    IoSlab slab = IoSlab.open(bus, BYTES, lockedBytesMax);
    // Where the host has a limit, others may have used it up.
    if (bus.host().lockedBytesMax() == Long.MAX_VALUE) {
      assertEquals(expected, slab.describe());
    }
    transferAndCheck(bus, slab);
    assertEquals(BYTES, slab.close());
  }

  /// Memory that no ring knows is not locked.
  @Test
  void theLimitIsNoneOfABackendWithoutRings() throws Exception {
    try (SharedBus bus = TestBus.open(BackendKind.NIO)) {
      IoSlab slab = IoSlab.open(bus, BYTES, 0);
      assertEquals(
          "64 KiB, plain memory: this backend registers no memory; io_uring does from Linux 5.13 on",
          slab.describe());
      slab.close();
    }
  }

  /// All ways of the bytes through a slab: pages 1 to 3 to a file, and back to others.
  private void transferAndCheck(SharedBus bus, IoSlab slab) throws IOException {
    int length = 3 * PageCache.PAGE_BYTES;
    MemorySegment stored = slab.memory(1, 3);
    for (int i = 0; i < length; i++) {
      stored.set(ValueLayout.JAVA_BYTE, i, (byte) ((i * 31) >> 8));
    }
    Path directory = temp.resolve("d" + slab.hashCode());
    try (DataDirectory data = DataDirectory.open(bus, directory);
        DataFile file = data.create("f", false)) {
      IoBatch writes = bus.newBatch(1);
      slab.addWrites(writes, file.file(), 1, length, PageCache.PAGE_BYTES);
      writes.await();
      assertEquals(length, writes.result(0));
      assertEquals(length, slab.readFully(file.file(), 5, length, PageCache.PAGE_BYTES));
      assertEquals(-1, slab.memory(5, 3).mismatch(stored));
      IoBatch reads = bus.newBatch(1);
      slab.addReads(reads, file.file(), PAGES - 3, length, PageCache.PAGE_BYTES);
      reads.await();
      assertEquals(length, reads.result(0));
      assertEquals(-1, slab.memory(PAGES - 3, 3).mismatch(stored));
    }
  }

  /// Pages that a failed bus had kept never came back: once all were lost, whoever wanted some
  /// waited for ever, and the cache could not be closed.
  @Test
  void whoWaitsForPagesOfAFailedBusIsTold() throws Exception {
    try (SharedBus bus =
        SharedBus.open(BusOptions.defaults().withBackend(BackendKind.NIO).withCapacity(4))) {
      IoSlab slab = IoSlab.open(bus, 4 * PageCache.PAGE_BYTES);
      IOException cause = new IOException("the ring");
      slab.take(3);
      CompletableFuture<IOException> waiter =
          CompletableFuture.supplyAsync(
              () -> assertThrows(IOException.class, () -> slab.take(2)));
      assertThrows(
          TimeoutException.class,
          () -> waiter.get(50, TimeUnit.MILLISECONDS));
      slab.abandon(cause);
      assertSame(cause, waiter.get(30, TimeUnit.SECONDS).getCause());
      assertSame(cause, assertThrows(IOException.class, () -> slab.take(1)).getCause());
      assertThrows(IOException.class, () -> slab.take(new int[] {1}, 1, new int[1]));
      slab.close(); // Frees nothing, as the kernel may yet write to it.
    }
  }
}
