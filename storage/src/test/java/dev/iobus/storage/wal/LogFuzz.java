package dev.iobus.storage.wal;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.proof.Checksums;
import dev.iobus.proof.EditedFiles;
import dev.iobus.proof.FuzzTarget;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A log of a few segments, with a long record, and a file of frames beside it, on a simulated host:
/// an edit script changes them, then both are recovered.
public final class LogFuzz implements FuzzTarget {

  private static final Path DIRECTORY = Path.of("/fuzz/log");
  private static final String MANIFEST = "manifest-1";
  private static final WalOptions OPTIONS =
      WalOptions.defaults().withSegmentBytes(64 << 10, 64 << 10).withGroupBufferBytes(16 << 10);

  private final EditedFiles files = new EditedFiles();

  /// Loaded when Jazzer asks for it.
  private static final class Self {
    static final LogFuzz TARGET = new LogFuzz();
  }

  /// Makes the files.
  public LogFuzz() {
    SimDisk disk = newDisk();
    SimScheduler host = new SimScheduler(1, disk);
    try {
      host.run(() -> fill(host));
      for (String name : disk.list(DIRECTORY)) {
        if (!name.equals("lock")) {
          files.add(name, disk.read(DIRECTORY.resolve(name)));
        }
      }
    } catch (IOException e) {
      throw new AssertionError("a disk without faults failed", e);
    }
  }

  private static SimDisk newDisk() {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    return disk;
  }

  private static void fill(SimScheduler host) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      for (int opening = 0; opening < 2; opening++) {
        try (Wal wal =
            Wal.open(
                directory, OPTIONS, WalStart.NEW, new MemoryBudget(16 << 20), (a, b, c) -> {})) {
          for (int length : new int[] {10, 3000, 40_000, 0, 100, 100}) {
            wal.append(MemorySegment.ofArray(new byte[length]), Durability.SYNCED);
          }
        }
      }
      MemoryBudget.Account account = new MemoryBudget(1 << 20).open("manifest", 0);
      try (FrameFile file =
          FrameFile.create(directory, MANIFEST, FileKind.MANIFEST, 77, account)) {
        file.append(MemorySegment.ofArray(new byte[500]));
        file.append(MemorySegment.ofArray(new byte[70_000]));
        file.mark();
      }
    }
  }

  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    Self.TARGET.run(input);
  }

  /// The first byte is 1 where checksums are made right again.
  @Override
  public void run(byte[] input) throws IOException {
    SimDisk disk = newDisk();
    files.edit(
        input,
        (name, bytes, isEdited) -> {
          if (isEdited && input[0] == 1) {
            Checksums.fixFrames(bytes);
          }
          disk.write(DIRECTORY.resolve(name), bytes);
        });
    SimScheduler host = new SimScheduler(2, disk);
    host.run(() -> recover(host));
    assert host.openFiles() == 0 : host.openFiles() + " files are left open";
  }

  private static void recover(SimScheduler host) throws IOException {
    MemoryBudget budget = new MemoryBudget(16 << 20);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, DIRECTORY)) {
      try (Wal wal =
          Wal.open(directory, OPTIONS, WalStart.NEW, budget, (lsn, end, payload) -> {})) {
        wal.append(MemorySegment.ofArray(new byte[10]), Durability.SYNCED);
      } catch (CorruptionException | FormatVersionException | MemoryLimitException refused) {
        assert budget.reserved() == 0 : budget.reserved() + " bytes are still reserved";
      }
      try (MemoryBudget.Account account = budget.open("manifest", 0)) {
        FrameFile.read(directory, MANIFEST, FileKind.MANIFEST, account, (lsn, end, bytes) -> {});
      } catch (CorruptionException | FormatVersionException refused) {
        assert String.valueOf(refused.getMessage()).contains(MANIFEST);
      } catch (MemoryLimitException refused) {
        assert String.valueOf(refused.getMessage()).contains("manifest needs");
      }
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(new byte[] {1});
    for (int file = 0; file < files.count(); file++) {
      int[] places = {4096 + 8, 4096 + 12, 4096 + 32, 4096 + 40, 64 + 24, 64 + 32, 64 + 40};
      for (int i = 0; i < places.length; i++) {
        seeds.add(EditedFiles.input(1, file, 1 + i % 4, places[i], 1L << (5 * i)));
      }
    }
    return seeds;
  }

  @Override
  public long heapBytesMax() {
    return 256 << 20;
  }
}
