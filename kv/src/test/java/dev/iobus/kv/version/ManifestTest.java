package dev.iobus.kv.version;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimOperation;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ManifestTest {

  private static final int KEY_MAX = 65_535;

  /// How often a write of the new manifest fails; a write may be tried in two ways.
  private static final int FAILURES = 4;

  /// So many that the manifest is to be written anew, and again after each failure.
  private static final int EDITS = 800;

  @TempDir Path temp;

  /// A table between two keys of that length.
  private static TableInfo table(long number, int keyLength) {
    byte[] key = new byte[keyLength];
    ByteBuffer.wrap(key).putLong(number);
    KeyBound bound = KeyBound.inclusive(MemorySegment.ofArray(key), 0x301);
    return new TableInfo(
        number, 7, 8192, 42, 1, 1, bound, bound, 3, 3, 0, 1, 0, 0, Long.MAX_VALUE, List.of());
  }

  private static MemoryBudget.Account memory() {
    return new MemoryBudget(256 << 20).open("manifest", 0);
  }

  private static ManifestState stateOf(int tables, int keyLength) throws IOException {
    ManifestState state = ManifestState.empty();
    VersionEdit edit = new VersionEdit().logStart(4096).lastSequence(9);
    for (int i = 1; i <= tables; i++) {
      edit.add(table(i, keyLength));
    }
    state.apply(edit.nextFileNumber(tables + 1), "test", 0);
    return state;
  }

  /// What a manifest began with was one record, and records end at 64 MiB: a store of 512 tables
  /// between long keys could not be opened again, nor could any later one.
  @Test
  void aStateIsWrittenWhateverTheLengthOfItsKeys() throws IOException {
    ManifestState state = stateOf(520, KEY_MAX);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory directory = DataDirectory.open(bus, temp);
        MemoryBudget.Account memory = memory()) {
      Manifest.create(directory, 1, 77, state, memory).close();
      ManifestState found = Manifest.read(directory, 1, memory);
      assertEquals(List.copyOf(state.tables()), List.copyOf(found.tables()));
      assertEquals(4096, found.logStart());
      assertEquals(9, found.lastSequence());
      assertEquals(521, found.nextFileNumber());
    }
  }

  @Test
  void aStateOfManyTablesComesBack() throws IOException {
    ManifestState state = stateOf(2_500, 16);
    assertEquals(3, state.asEdits().size());
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory directory = DataDirectory.open(bus, temp);
        MemoryBudget.Account memory = memory()) {
      Manifest.create(directory, 1, 77, state, memory).close();
      assertEquals(
          List.copyOf(state.tables()), List.copyOf(Manifest.read(directory, 1, memory).tables()));
    }
  }

  /// An edit was durable, and the manifest that it made too long could not be written anew, for
  /// want of space. The store took that for a failure of the edit, and was lost for writing.
  @Test
  void aManifestThatCannotBeWrittenAnewGoesOn() throws IOException {
    Path path = Path.of("/sim/store");
    SimDisk disk = new SimDisk();
    disk.createDirectories(path);
    Faults faults = new Faults();
    for (int i = 0; i < FAILURES; i++) {
      faults.error("ENOSPC", SimOperation.WRITE).inFiles(FileNames.temporaryManifest(3)).at(1);
    }
    SimScheduler scheduler = new SimScheduler(1, disk, faults);
    assertTrue(scheduler.run(() -> growManifest(scheduler, path)));
    assertEquals(FAILURES, faults.struck());
    List<String> left =
        disk.list(path).stream().filter(name -> name.startsWith("manifest")).toList();
    assertEquals(List.of(FileNames.manifest(3)), left);
    SimScheduler next = new SimScheduler(2, disk);
    assertTrue(
        next.run(
            () -> {
              try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(next));
                  DataDirectory directory = DataDirectory.open(bus, path);
                  MemoryBudget.Account memory = memory()) {
                assertEquals(EDITS, Manifest.read(directory, 3, memory).logStart());
              }
            }));
  }

  private static void growManifest(SimScheduler scheduler, Path path) throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(scheduler));
        DataDirectory directory = DataDirectory.open(bus, path)) {
      MemoryBudget.Account memory = memory();
      ManifestState state = VersionSet.initialize(directory, scheduler, memory);
      List<String> names = directory.list();
      FileNumbers numbers = FileNumbers.above(state, names, scheduler);
      try (VersionSet versions =
          VersionSet.open(
              directory, scheduler, names, state, new VersionEdit(), numbers, List.of(), memory)) {
        for (String orphan : versions.orphans(directory.list())) {
          directory.delete(orphan);
        }
        versions.editLock().lock();
        try {
          long longest = 0;
          for (int i = 1; i <= EDITS; i++) {
            versions.install(versions.log(new VersionEdit().logStart(i), List.of()));
            longest = Math.max(longest, versions.manifestBytes());
          }
          assertTrue(longest > (4 << 20) + (256 << 10), longest + " bytes at most");
        } finally {
          versions.editLock().unlock();
        }
        assertTrue(versions.manifestBytes() < 2 << 20, versions.manifestBytes() + " bytes");
      }
    }
  }

  /// Behind the last edit stands a mark alone. Without it the manifest looked as a crash leaves it,
  /// and passed.
  @Test
  void aLostMarkIsDamageToWhoVerifies() throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory directory = DataDirectory.open(bus, temp);
        MemoryBudget.Account memory = memory();
        Manifest manifest = Manifest.create(directory, 1, 77, stateOf(1, 16), memory)) {
      manifest.append(new VersionEdit().logStart(8192));
      manifest.verify(directory, memory);
      long mark = manifest.sizeBytes() - 4096;
      try (FileChannel file =
          FileChannel.open(temp.resolve(FileNames.manifest(1)), StandardOpenOption.WRITE)) {
        file.write(ByteBuffer.allocate(4096), mark);
        file.force(true);
      }
      CorruptionException damage =
          assertThrows(CorruptionException.class, () -> manifest.verify(directory, memory));
      assertTrue(String.valueOf(damage.getMessage()).contains("manifest ends"), damage::toString);
    }
  }
}
