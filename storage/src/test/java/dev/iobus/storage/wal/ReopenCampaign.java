package dev.iobus.storage.wal;

import static java.util.Objects.requireNonNull;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/// A sync of a log fails, or none does, and its process ends with records that were only written; the
/// next one opens it, and then power is lost. What the opening has given back is there after that,
/// nothing less and nothing more: it does not believe what the kernel shows of bytes that a failed
/// sync has lost, and makes durable what it gives.
///
/// Confined to one thread.
public final class ReopenCampaign {

  private static final Path DIRECTORY = Path.of("/iobus-reopen/log");
  private static final int SEEDS = 60;
  private static final int RECORDS = 12;

  private final long seed;
  private final List<byte[]> appended = new ArrayList<>();
  private int acknowledged;

  private ReopenCampaign(long seed) {
    this.seed = seed;
  }

  /// Runs all seeds.
  public static void run() throws IOException {
    Logger busses = Logger.getLogger("dev.iobus");
    Level before = busses.getLevel();
    // A log that fails says so, which is no news here.
    busses.setLevel(Level.OFF);
    try {
      int unacknowledged = 0;
      for (long seed = 1; seed <= SEEDS; seed++) {
        unacknowledged += new ReopenCampaign(seed).failReopenAndLosePower();
      }
      require(unacknowledged > 0, "no record came back that had failed");
    } finally {
      busses.setLevel(before);
    }
  }

  /// Returns how many records the reopening gave back that nobody had been promised.
  private int failReopenAndLosePower() throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(requireNonNull(DIRECTORY.getParent()));
    SimScheduler first = new SimScheduler(seed, disk, new Faults());
    require(first.run(() -> appendUntilASyncFails(first)), "power was lost");

    List<byte[]> reopened = new ArrayList<>();
    SimScheduler second = new SimScheduler(seed + 1000, disk);
    require(second.run(() -> open(second, reopened)), "power was lost");
    check(reopened);

    for (int keep : new int[] {0, 50}) {
      SimDisk crashed = disk.crash(seed, keep);
      List<byte[]> after = new ArrayList<>();
      SimScheduler third = new SimScheduler(seed + 2000, crashed);
      require(third.run(() -> open(third, after)), "power was lost");
      require(
          after.size() == reopened.size(),
          "seed " + seed + ": " + reopened.size() + " records were given back, and "
              + after.size() + " after power was lost");
    }
    return reopened.size() - acknowledged;
  }

  private void appendUntilASyncFails(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      Wal wal = open(directory, new ArrayList<>());
      boolean fails = seed % 4 > 0;
      if (fails) {
        Fault fault = host.faults().error("EIO", SimOperation.DATA_SYNC);
        fault.inFiles("wal-*").at(1 + seed % 3).sticky();
      }
      try {
        for (int i = 0; i < RECORDS; i++) {
          byte[] record = LogHarness.record(i, 100 + (int) (seed * 997 + i * 331L) % 5000);
          appended.add(record);
          wal.append(MemorySegment.ofArray(record), Durability.WRITTEN);
          if (i % 3 == seed % 3 && i < RECORDS - 2) {
            wal.sync();
            acknowledged = appended.size();
          }
        }
      } catch (WalFailedException planned) {
        require(planned.getCause() != null, "a failure without a cause");
      }
      wal.abandon();
    }
  }

  private static void open(SimScheduler host, List<byte[]> found) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      open(directory, found).abandon();
    }
  }

  private static Wal open(DataDirectory directory, List<byte[]> found) throws IOException {
    return Wal.open(
        directory,
        LogHarness.TINY,
        WalStart.NEW,
        new MemoryBudget(16 << 20),
        (lsn, end, payload) -> found.add(payload.toArray(ValueLayout.JAVA_BYTE)));
  }

  private void check(List<byte[]> found) {
    require(
        found.size() >= acknowledged && found.size() <= appended.size(),
        "seed " + seed + ": " + found.size() + " records are back of " + appended.size() + ", "
            + acknowledged + " of them acknowledged");
    for (int i = 0; i < found.size(); i++) {
      require(
          Arrays.equals(found.get(i), appended.get(i)), "seed " + seed + ": record " + i + " is another");
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
