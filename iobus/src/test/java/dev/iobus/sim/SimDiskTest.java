package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.FileSystemFacts;
import dev.iobus.Handle;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.RegisteredFile;
import dev.iobus.Result;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// What a simulated disk keeps and what it loses.
final class SimDiskTest {

  private static final Path DIRECTORY = Path.of("/data");
  private static final Path FILE = DIRECTORY.resolve("file");
  private static final int CRASHES = 200;

  private final SimDisk disk = new SimDisk();

  private SimFile newFile() throws SimErrno {
    disk.createDirectories(DIRECTORY);
    return disk.createFile(disk.names().place(FILE, false));
  }

  private SimFile newDurableFile(int length) throws IOException, SimErrno {
    disk.createDirectories(DIRECTORY);
    disk.write(FILE, filled(length, 1));
    return (SimFile) disk.names().find(FILE, false);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static void write(SimFile file, long offset, byte[] bytes, SimFile.Way way) {
    file.write(offset, bytes, 0, bytes.length, way);
  }

  @Test
  void syncedFileWithoutASyncedNameMayBeLost() throws Exception {
    write(newFile(), 0, filled(10, 7), SimFile.Way.CACHED);
    disk.sync(disk.names().find(FILE, true));
    TreeSet<Boolean> there = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      SimDisk after = disk.crash(seed);
      there.add(after.exists(FILE));
      if (after.exists(FILE)) {
        assertArrayEquals(filled(10, 7), after.read(FILE));
      }
    }
    assertEquals(2, there.size());
    disk.sync(disk.names().find(DIRECTORY, true));
    for (int seed = 0; seed < CRASHES; seed++) {
      assertArrayEquals(filled(10, 7), disk.crash(seed).read(FILE));
    }
    assertArrayEquals(filled(10, 7), disk.read(FILE), "a crash changes a copy");
  }

  @Test
  void unsyncedSectorsSurviveEachByItself() throws Exception {
    SimFile file = newDurableFile(2048);
    write(file, 0, filled(2048, 2), SimFile.Way.CACHED);
    TreeSet<String> images = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      byte[] content = disk.crash(seed).read(FILE);
      StringBuilder image = new StringBuilder();
      for (int at = 0; at < 2048; at += 512) {
        image.append(content[at]);
        assertArrayEquals(filled(512, content[at]), Arrays.copyOfRange(content, at, at + 512));
      }
      images.add(image.toString());
    }
    assertEquals(16, images.size(), images::toString);
  }

  @Test
  void lengthAndBytesBecomeDurableApart() throws Exception {
    SimFile file = newDurableFile(512);
    write(file, 512, filled(512, 3), SimFile.Way.CACHED);
    TreeSet<String> images = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      byte[] content = disk.crash(seed).read(FILE);
      images.add(content.length == 512 ? "short" : "last " + content[1023]);
    }
    assertEquals(new TreeSet<>(List.of("short", "last 0", "last 3")), images);
  }

  @Test
  void durableWriteVouchesForItsOwnBytesAlone() throws Exception {
    SimFile file = newDurableFile(1536);
    write(file, 0, filled(512, 2), SimFile.Way.CACHED);
    write(file, 512, filled(512, 3), SimFile.Way.DURABLE);
    write(file, 1024, filled(100, 4), SimFile.Way.DURABLE);
    TreeSet<Byte> first = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      byte[] content = disk.crash(seed).read(FILE);
      first.add(content[0]);
      assertEquals(3, content[512]);
      assertEquals(4, content[1123]);
      assertEquals(1, content[1124]);
    }
    assertEquals(2, first.size());
  }

  @Test
  void durableWriteBringsTheLengthThatItNeeds() throws Exception {
    SimFile file = newDurableFile(512);
    write(file, 512, filled(512, 2), SimFile.Way.CACHED);
    file.truncate(0);
    write(file, 1024, filled(512, 5), SimFile.Way.DURABLE);
    for (int seed = 0; seed < CRASHES; seed++) {
      byte[] content = disk.crash(seed).read(FILE);
      assertEquals(1536, content.length);
      assertEquals(5, content[1024]);
    }
  }

  @Test
  void failedSyncMarksWhatItLostAsClean() throws Exception {
    SimFile file = newDurableFile(4096);
    write(file, 0, filled(4096, 2), SimFile.Way.CACHED);
    disk.syncInVain(file);
    assertFalse(file.isDirty());
    assertArrayEquals(filled(4096, 2), disk.read(FILE), "the page cache still has it");
    disk.sync(file);
    byte[] durable = disk.crash(1).read(FILE);
    assertNotEquals(-1, Arrays.mismatch(filled(4096, 2), durable), "the next sync wrote nothing");
    byte[] direct = new byte[4096];
    file.read(0, direct, 0, 4096, true);
    assertArrayEquals(durable, direct);
    disk.dropCaches();
    assertArrayEquals(durable, disk.read(FILE));
  }

  @Test
  void namesThatASyncHasNotMadeDurableWaitForTheNext() throws Exception {
    newFile();
    disk.syncInVain(disk.names().find(DIRECTORY, true));
    disk.sync(disk.names().find(DIRECTORY, true));
    for (int seed = 0; seed < CRASHES; seed++) {
      assertTrue(disk.crash(seed).exists(FILE));
    }
  }

  @Test
  void renameIsWholeAfterACrash() throws Exception {
    newDurableFile(512);
    Path target = DIRECTORY.resolve("target");
    disk.write(target, filled(10, 9));
    disk.rename(FILE, target);
    TreeSet<Integer> lengths = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      SimDisk after = disk.crash(seed);
      int length = after.read(target).length;
      lengths.add(length);
      assertEquals(length == 10, after.exists(FILE));
    }
    assertEquals(new TreeSet<>(List.of(10, 512)), lengths);
  }

  @Test
  void writeInFlightMayLandInPartAndAsGarbage() throws Exception {
    SimFile file = newDurableFile(512);
    disk.begin(new InFlightWrite(file, 0, filled(512, 2)));
    TreeSet<String> fates = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      byte[] content = disk.crash(seed).read(FILE);
      int twos = 0;
      while (twos < 512 && content[twos] == 2) {
        twos++;
      }
      boolean rest = Arrays.equals(content, twos, 512, filled(512, 1), twos, 512);
      fates.add(twos == 0 && rest ? "old" : twos == 512 ? "new" : rest ? "torn" : "garbage");
    }
    assertEquals(new TreeSet<>(List.of("old", "new", "torn", "garbage")), fates);
    assertArrayEquals(filled(512, 1), disk.read(FILE));
  }

  @Test
  void sameSeedSameCrash() throws Exception {
    SimFile file = newDurableFile(20_000);
    write(file, 100, filled(15_000, 2), SimFile.Way.CACHED);
    write(file, 7000, filled(15_000, 3), SimFile.Way.CACHED);
    TreeSet<Long> hashes = new TreeSet<>();
    for (int seed = 0; seed < 50; seed++) {
      long hash = disk.crash(seed).contentHash();
      assertEquals(hash, disk.crash(seed).contentHash());
      hashes.add(hash);
    }
    assertTrue(hashes.size() > 20, hashes::toString);
  }

  @Test
  void crashSharesNothingWithItsDisk() throws Exception {
    newDurableFile(1024);
    SimDisk after = disk.crash(1);
    SimDisk again = after.crash(2);
    SimFile file = (SimFile) after.names().find(FILE, true);
    write(file, 0, filled(1024, 6), SimFile.Way.CACHED);
    after.unlink(FILE);
    assertArrayEquals(filled(1024, 1), disk.read(FILE));
    assertArrayEquals(filled(1024, 1), again.read(FILE));
  }

  @Test
  void namesAreWalkedAsTheKernelDoes() throws Exception {
    newDurableFile(5);
    disk.createSymbolicLink(DIRECTORY.resolve("link"), Path.of("file"));
    disk.createSymbolicLink(Path.of("/short"), DIRECTORY);
    disk.createSymbolicLink(Path.of("/loop"), Path.of("/loop"));
    assertArrayEquals(filled(5, 1), disk.read(Path.of("/short/../short/link")));
    assertEquals(FILE, disk.names().realPath(Path.of("/short/link")));
    assertEquals(List.of("file", "link"), disk.list(Path.of("/short")));
    assertEquals(disk.inode(FILE), disk.inode(Path.of("/short/link")));
    assertThrows(IOException.class, () -> disk.read(Path.of("/loop")));
    assertThrows(IOException.class, () -> disk.read(DIRECTORY));
    assertThrows(IOException.class, () -> disk.list(FILE));
    assertThrows(IllegalArgumentException.class, () -> disk.createDirectories(FILE));
  }

  @Test
  void flippedBitIsAtRest() throws Exception {
    newDurableFile(600);
    disk.flipBit(FILE, 599, 7);
    byte[] expected = filled(600, 1);
    expected[599] = (byte) 0x81;
    assertArrayEquals(expected, disk.read(FILE));
    assertArrayEquals(expected, disk.crash(3).read(FILE));
    assertThrows(IllegalArgumentException.class, () -> disk.flipBit(FILE, 600, 0));
  }

  /// What a host says of its file system is what its disk was told, and stays so after a crash.
  @Test
  void aFileSystemIsWhatItWasSaidToBe() throws Exception {
    disk.createDirectories(Path.of("/a"));
    assertEquals("simulated", new SimScheduler(1, disk).fileSystem(Path.of("/a")).type());
    disk.setFileSystem(new FileSystemFacts("btrfs", 8192), 4096);
    for (SimDisk next : new SimDisk[] {disk, disk.crash(1), disk.kill(1)}) {
      SimScheduler host = new SimScheduler(2, next);
      assertEquals(new FileSystemFacts("btrfs", 8192), host.fileSystem(Path.of("/a")));
      assertTrue(host.run(() -> assertGrid(host, "f" + next.list(Path.of("/a")).size(), 4096)));
    }
    disk.setFileSystem(new FileSystemFacts("simulated", 512), 0);
    SimScheduler host = new SimScheduler(3, disk);
    assertTrue(host.run(() -> assertGrid(host, "g", 0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> disk.setFileSystem(new FileSystemFacts("simulated", 512), 768));
  }

  private static void assertGrid(SimScheduler host, String name, int grid) throws IOException {
    Path path = Path.of("/a", name);
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        Arena arena = Arena.ofShared()) {
      OpenFile plain = bus.open(path, OpenFlag.CREATE, OpenFlag.READ, OpenFlag.WRITE);
      assertEquals(grid, bus.stat(plain).directOffsetAlignment());
      bus.writeFully(plain, arena.allocate(100), 3, WriteFlag.NONE);
      bus.close(plain);
      if (grid == 0) {
        BusException refused =
            assertThrows(
                BusException.class, () -> bus.open(path, OpenFlag.WRITE, OpenFlag.DIRECT));
        assertEquals("EINVAL", refused.errnoName());
        return;
      }
      OpenFile direct = bus.open(path, OpenFlag.WRITE, OpenFlag.DIRECT);
      bus.writeFully(direct, arena.allocate(grid, grid), grid, WriteFlag.NONE);
      assertThrows(
          BusException.class,
          () -> bus.writeFully(direct, arena.allocate(512, grid), 0, WriteFlag.NONE));
      bus.close(direct);
    }
  }

  /// A whole read of a file that ends inside of a cell of the grid went on at the next 4 KiB, which a
  /// device of larger blocks refuses with EINVAL: a file could not be read to its end.
  @Test
  void aWholeReadGoesOnOnTheGridThatStatTells() throws Exception {
    disk.setFileSystem(new FileSystemFacts("simulated", 16_384), 16_384);
    SimScheduler host = new SimScheduler(4, disk);
    assertTrue(
        host.run(
            () -> {
              Path path = Path.of("/f");
              BusOptions options = BusOptions.defaults().withScheduler(host);
              try (SharedBus shared = SharedBus.open(options);
                  Bus bus = Bus.open(options);
                  Arena arena = Arena.ofShared()) {
                OpenFile plain = shared.open(path, OpenFlag.CREATE, OpenFlag.WRITE);
                shared.writeFully(plain, arena.allocate(20_480), 0, WriteFlag.NONE);
                shared.close(plain);
                MemorySegment memory = arena.allocate(65_536, 16_384);
                OpenFile file = shared.open(path, OpenFlag.READ, OpenFlag.DIRECT);
                assertEquals(20_480, shared.stat(file).size());
                assertEquals(20_480, shared.readFully(file, memory, 0));
                RegisteredFile registered = shared.register(file);
                assertEquals(20_480, shared.readFully(registered, memory, 0));
                shared.unregister(registered);
                shared.close(file);
                OpenFile own = result(bus, bus.open(path, OpenFlag.READ, OpenFlag.DIRECT)).endOpen();
                result(bus, bus.stat(own)).endStat();
                Handle read = bus.readFully(own, memory, 0);
                assertEquals(20_480, result(bus, read).endReadFully());
                result(bus, bus.close(own)).endClose();
              }
            }));
  }

  /// Valid until the next one: it is not done before the bus is closed.
  private static Result result(Bus bus, Handle handle) throws IOException {
    bus.submit(handle);
    return bus.dispatch();
  }

  @Test
  void crashesKeepAsMuchAsTheyAreTold() throws Exception {
    SimFile file = newDurableFile(4096);
    write(file, 0, filled(4096, 2), SimFile.Way.CACHED);
    for (int seed = 0; seed < 20; seed++) {
      assertArrayEquals(filled(4096, 1), disk.crash(seed, 0).read(FILE));
      assertArrayEquals(filled(4096, 2), disk.crash(seed, 100).read(FILE));
    }
    assertThrows(IllegalArgumentException.class, () -> disk.crash(0, 101));
  }

  @Test
  void theEndOfTheProcessTakesNothingThatWasWritten() throws Exception {
    SimFile file = newDurableFile(4096);
    write(file, 0, filled(4096, 2), SimFile.Way.CACHED);
    disk.createFile(disk.names().place(DIRECTORY.resolve("new"), false));
    disk.begin(new InFlightWrite(file, 0, filled(1024, 3)));
    TreeSet<String> images = new TreeSet<>();
    for (int seed = 0; seed < CRASHES; seed++) {
      SimDisk after = disk.kill(seed);
      byte[] content = after.read(FILE);
      images.add(content[0] + " " + content[1023]);
      assertEquals(List.of("file", "new"), after.list(DIRECTORY));
      assertArrayEquals(filled(3072, 2), Arrays.copyOfRange(content, 1024, 4096));
    }
    assertEquals(new TreeSet<>(List.of("2 2", "2 3", "3 2", "3 3")), images);
    SimDisk lost = disk.kill(1).crash(1, 0);
    assertArrayEquals(filled(4096, 1), lost.read(FILE), "it is not durable all the same");
    assertEquals(List.of("file"), lost.list(DIRECTORY));
    disk.kill(1).unlink(FILE);
    assertTrue(disk.exists(FILE));
  }
}
