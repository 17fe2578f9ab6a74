package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static dev.iobus.storage.wal.TracedDirectory.append;
import static dev.iobus.storage.wal.TracedDirectory.await;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.AppendPrimitive.Way;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Devices that fail, and that complete in another order than they were asked in.
@Timeout(60)
class LogFailureTest {

  @TempDir Path path;

  private TracedDirectory traced;

  @BeforeEach
  void openDirectory() throws IOException {
    traced = new TracedDirectory(path.resolve("log"));
  }

  @AfterEach
  void closeDirectory() throws IOException {
    traced.close();
  }

  /// What a crash now would leave, of which nothing may be there that was not synced.
  private List<byte[]> recover(int number) throws IOException {
    Path own = Files.createDirectory(path.resolve("recovered" + number));
    Random random = new Random(number);
    for (var file : traced.files().imageAt(traced.files().now(), true, random).entrySet()) {
      Files.write(own.resolve(file.getKey()), file.getValue());
    }
    List<byte[]> found = new ArrayList<>();
    try (DataDirectory recovered = DataDirectory.open(traced.bus(), own)) {
      Wal.open(
              recovered,
              LogHarness.TINY,
              WalStart.NEW,
              new MemoryBudget(16 << 20),
              (lsn, end, payload) -> found.add(payload.toArray(JAVA_BYTE)))
          .abandon();
    }
    return found;
  }

  private void failedSyncIsFinal(Way way) throws Exception {
    Wal wal = traced.open(way);
    long safe = append(wal, 0);
    IOException first = new IOException("EIO");
    AtomicInteger syncs = new AtomicInteger();
    traced.fault(
        op -> {
          // Once, as a kernel that forgets what it has told.
          if (op.isSync() && syncs.getAndIncrement() == 0) {
            throw first;
          }
        });
    WalFailedException failed = assertThrows(WalFailedException.class, () -> append(wal, 1));
    assertSame(first, failed.getCause());
    for (int i = 2; i < 5; i++) {
      int number = i;
      assertSame(
          first, assertThrows(WalFailedException.class, () -> append(wal, number)).getCause());
    }
    assertSame(first, assertThrows(WalFailedException.class, wal::sync).getCause());
    assertEquals(1, syncs.get(), "nothing more went to the device");
    assertEquals(safe, wal.durableLsn());
    wal.await(safe, Durability.SYNCED);
    try (WalReader reader = wal.reader(0, Durability.SYNCED)) {
      assertTrue(reader.next(), "reads go on");
      assertFalse(reader.next(TimeUnit.SECONDS.toNanos(20)), "and wait for nothing");
    }
    assertThrows(WalFailedException.class, wal::close);
    for (int i = 0; i < 10; i++) {
      List<byte[]> found = recover(i);
      assertTrue(found.size() == 1 || found.size() == 2, "the one of unknown outcome, at most");
      assertArrayEquals(record(0, 100), found.get(0));
    }
  }

  @Test
  void failedDurableWriteIsFinal() throws Exception {
    failedSyncIsFinal(Way.DSYNC);
  }

  @Test
  void failedDataSyncIsFinal() throws Exception {
    failedSyncIsFinal(Way.SYNC);
  }

  @Test
  void failedTiedSyncIsFinal() throws Exception {
    failedSyncIsFinal(Way.LINKED);
  }

  /// Lets the first durable write wait while a second one, begun later, completes.
  private void completeInReverse(boolean fail) throws Exception {
    Wal wal = traced.open(Way.DSYNC);
    long safe = append(wal, 0);
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    AtomicInteger writes = new AtomicInteger();
    traced.fault(
        op -> {
          if (!op.dsync) {
            return;
          }
          if (writes.getAndIncrement() == 0) {
            begun.countDown();
            await(first);
            if (fail) {
              throw new IOException("EIO");
            }
          } else {
            second.countDown();
          }
        });
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Long> one = threads.submit(() -> append(wal, 1));
      await(begun);
      Future<Long> two = threads.submit(() -> append(wal, 2));
      await(second);
      assertThrows(
          TimeoutException.class,
          () -> two.get(100, TimeUnit.MILLISECONDS),
          "its own bytes are durable, but not what is before them");
      assertEquals(safe, wal.durableLsn());
      first.countDown();
      if (fail) {
        for (Future<Long> each : List.of(one, two)) {
          assertInstanceOf(
              WalFailedException.class,
              assertThrows(ExecutionException.class, () -> each.get(20, TimeUnit.SECONDS))
                  .getCause());
        }
        assertEquals(safe, wal.durableLsn());
        assertThrows(WalFailedException.class, wal::close);
      } else {
        assertTrue(one.get(20, TimeUnit.SECONDS) < two.get(20, TimeUnit.SECONDS));
        assertEquals(1, wal.stats().overlappedGroups());
        wal.close();
        assertEquals(3, recover(2).size());
      }
    }
  }

  @Test
  void laterGroupIsAcknowledgedAfterTheEarlier() throws Exception {
    completeInReverse(false);
  }

  @Test
  void laterGroupFailsWithTheEarlier() throws Exception {
    completeInReverse(true);
  }

  /// The write of a group for which callbacks alone waited ended with an error of the virtual machine.
  /// It ended the task of the callbacks too, which were told nothing, and stages never completed.
  @Test
  void errorOfAWriteForCallbacksReachesThem() throws Exception {
    Wal wal = traced.openGrowing();
    traced.fault(
        op -> {
          if (op.isSync()) {
            throw new AssertionError("planned by a test");
          }
        });
    long end = wal.append(MemorySegment.ofArray(record(0, 100)));
    List<CompletableFuture<Long>> stages = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      stages.add(wal.whenReached(end, Durability.SYNCED).toCompletableFuture());
    }
    for (CompletableFuture<Long> stage : stages) {
      ExecutionException told =
          assertThrows(ExecutionException.class, () -> stage.get(20, TimeUnit.SECONDS));
      assertInstanceOf(WalFailedException.class, told.getCause());
    }
    assertThrows(WalFailedException.class, wal::close);
  }
}
