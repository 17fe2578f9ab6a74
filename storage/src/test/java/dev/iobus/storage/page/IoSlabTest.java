package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class IoSlabTest {

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
