package dev.iobus.kv;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.kv.version.FileNumbers;
import dev.iobus.kv.version.ManifestState;
import dev.iobus.kv.version.VersionEdit;
import dev.iobus.kv.version.VersionSet;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDevice;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalOptions;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a commit says of its batch, and what the log owes to it, on simulated hosts.
class CommitPipelineTest {

  private static final Path DIRECTORY = Path.of("/iobus-simulation/store");

  private static SimDisk newDisk() {
    SimDisk disk = new SimDisk();
    disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
    return disk;
  }

  private static StoreOptions options(SimScheduler host, Durability durability) {
    return StoreOptions.defaults()
        .withMemoryBytes(StoreOptions.MEMORY_BYTES_MIN)
        .withMemtableBytes(64 << 10)
        .withLogSegmentBytes(64 << 10, 64 << 10)
        .withDurability(durability)
        .withScheduler(host);
  }

  /// The log of a memtable had become too long, and there was no memory for the next one. The put
  /// whose batch was the last straw threw that nothing had been written, though it was visible and in
  /// the log.
  @Test
  void batchThatIsPublishedIsNotRefused() throws IOException {
    SimScheduler host = new SimScheduler(1, newDisk());
    assertTrue(host.run(() -> commitWithoutMemory(host)));
  }

  private static void commitWithoutMemory(SimScheduler host) throws IOException {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY);
        Wal wal =
            Wal.open(
                directory, WalOptions.defaults(), WalStart.NEW, budget, (lsn, end, bytes) -> {});
        VersionSet versions = newVersions(directory, host, budget);
        MemoryBudget.Account account = budget.open("memtables", 0)) {
      int capacity = 64 << 10;
      LoggedMemtable active =
          new LoggedMemtable(requireNonNull(Memtable.create(account, capacity)));
      StoreState state = new StoreState(host, "store");
      Views views = new Views(state, versions);
      Memtables memtables = new Memtables(state, views, account, capacity, active);
      state.lock.lock();
      views.install(memtables.newestFirst(), versions.current());
      state.lock.unlock();
      CommitPipeline commits = new CommitPipeline(state, wal, memtables, 0, 1);
      // What cursors and leases do that hold memtables which were flushed.
      try (MemoryBudget.Account others = budget.open("others", budget.available())) {
        assertEquals(0, budget.available(), others::toString);
        commits.commit(batch("a"), Durability.SYNCED);
        assertEquals(1, commits.published());
        assertTrue(wal.durableLsn() >= active.endLsn());
      }
      requireNonNull(views.uninstall()).release();
      memtables.close();
    }
  }

  private static VersionSet newVersions(
      DataDirectory directory, SimScheduler host, MemoryBudget budget) throws IOException {
    MemoryBudget.Account account = budget.open("manifest", 0);
    ManifestState manifest = VersionSet.initialize(directory, host, account);
    List<String> names = directory.list();
    FileNumbers numbers = FileNumbers.above(manifest, names, host);
    return VersionSet.open(
        directory, host, names, manifest, new VersionEdit(), numbers, List.of(), account);
  }

  private static WriteBatch batch(String key) {
    return new WriteBatch().put(bytes(key), bytes("value"));
  }

  /// A write of the log failed while nobody waited for it. The puts that came after it ended with an
  /// exception of the log, and the store did not know that it had failed: it flushed and compacted on.
  @Test
  void putAfterAFailedLogSaysThatTheStoreHasFailed() throws IOException {
    Faults faults = new Faults();
    SimScheduler host = new SimScheduler(1, newDisk(), faults, SimDevice.NVME);
    assertTrue(
        host.run(
            () -> {
              Store store = Store.open(DIRECTORY, options(host, Durability.BUFFERED));
              store.put(bytes("a"), bytes("1"));
              store.sync();
              faults.error("EIO", SimOperation.WRITE).inFiles("wal-*").sticky();
              store.put(bytes("b"), bytes("2"));
              pause(host, 100);
              for (int i = 0; i < 3; i++) {
                StoreFailedException failed =
                    assertThrows(
                        StoreFailedException.class, () -> store.put(bytes("c"), bytes("3")));
                assertTrue(String.valueOf(failed.getCause()).contains("EIO"), failed::toString);
              }
              assertArrayEquals(bytes("2"), store.get(bytes("b")));
              assertThrows(IOException.class, store::close);
            }));
  }

  /// A flush let the log begin where the next memtable began. Between the two lay the mark of an idle
  /// log, and that, the first group of a segment, need not be on any disk yet.
  @Test
  void flushLetsTheLogBeginWhereItsMemtableEnds() throws IOException {
    for (int seed = 1; seed <= 20; seed++) {
      SimDisk disk = newDisk();
      SimScheduler host = new SimScheduler(seed, disk, new Faults(), SimDevice.NVME);
      assertTrue(
          host.run(
              () -> {
                try (Store store = Store.open(DIRECTORY, options(host, Durability.SYNCED))) {
                  store.put(bytes("a"), bytes("1"));
                  pause(host, 200);
                  boolean[] ended = {false};
                  host.start(
                      "writer",
                      () -> {
                        try {
                          for (int i = 0; i < 20; i++) {
                            store.put(bytes("b" + i), bytes("2"));
                          }
                        } catch (IOException e) {
                          throw new AssertionError(e);
                        } finally {
                          ended[0] = true;
                        }
                      });
                  store.flush();
                  while (!ended[0]) {
                    pause(host, 1);
                  }
                }
                try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
                    DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
                  MemoryBudget.Account account = new MemoryBudget(2 << 20).open("manifest", 0);
                  ManifestState manifest =
                      requireNonNull(VersionSet.read(directory, directory.list(), account));
                  long start = manifest.logStart();
                  // Records and marks begin groups here, each of one block.
                  assertTrue(start > 0 && start % 4096 != 0, () -> "begins at " + start);
                }
              }));
    }
  }

  private static void pause(SimScheduler host, int millis) {
    long end = host.nanoTime() + millis * 1_000_000L;
    while (host.nanoTime() < end) {
      host.park(end);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
