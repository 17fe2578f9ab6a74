package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.Result;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Faults strike where they are told to, and show as they do on real hosts.
final class FaultsTest {

  private static final Path DIRECTORY = Path.of("/sim");
  private static final Path FILE = DIRECTORY.resolve("data-1");
  private static final int LENGTH = 20_000;

  private SimDisk disk = new SimDisk();

  /// A bus and an open file of [#LENGTH] bytes, each 1.
  private record Host(SharedBus bus, OpenFile file, MemorySegment memory) {

    void write(int value, long offset, int length, WriteFlag flag) throws IOException {
      bus.writeFully(file, memory.asSlice(0, length).fill((byte) value), offset, flag);
    }

    byte[] read() throws IOException {
      MemorySegment into = memory.asSlice(0, LENGTH);
      assertEquals(LENGTH, bus.readFully(file, into, 0));
      return into.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private interface Body {
    void run(Host host) throws IOException;
  }

  private void run(long seed, Faults faults, Body body) throws IOException {
    disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    disk.write(FILE, filled(1));
    SimScheduler scheduler = new SimScheduler(seed, disk, faults);
    assertTrue(
        scheduler.run(
            () -> {
              try (SharedBus bus =
                      SharedBus.open(BusOptions.defaults().withScheduler(scheduler));
                  Arena arena = Arena.ofShared()) {
                OpenFile file = bus.open(FILE, OpenFlag.READ, OpenFlag.WRITE);
                body.run(new Host(bus, file, arena.allocate(LENGTH, 4096)));
                bus.close(file);
              }
            }));
    assertEquals(0, scheduler.openFiles());
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[LENGTH];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static void assertFails(String errno, Executable action) {
    assertEquals(errno, assertThrows(BusException.class, action).errnoName());
  }

  @Test
  void errorStrikesTheNthOperationInFilesOfAName() throws IOException {
    Faults faults = new Faults();
    Fault once = faults.error("EIO", SimOperation.DATA_SYNC).inFiles("data-*").at(2);
    Fault never = faults.error("EIO", SimOperation.DATA_SYNC).inFiles("log-*").sticky();
    Fault always = faults.error("EROFS", SimOperation.UNLINK).sticky();
    run(
        1,
        faults,
        host -> {
          host.bus.dataSync(host.file);
          assertFails("EIO", () -> host.bus.dataSync(host.file));
          host.bus.dataSync(host.file);
          assertFails("EROFS", () -> host.bus.unlink(FILE));
          assertFails("EROFS", () -> host.bus.unlink(FILE));
        });
    assertEquals(1, once.struck());
    assertEquals(0, never.struck());
    assertEquals(2, always.struck());
  }

  @Test
  void syncThatFailsOnceHasLostBytesForGood() throws IOException {
    int lost = 0;
    for (int seed = 0; seed < 20; seed++) {
      Faults faults = new Faults();
      faults.error("EIO", SimOperation.SYNC);
      run(
          seed,
          faults,
          host -> {
            host.write(2, 0, LENGTH, WriteFlag.NONE);
            assertFails("EIO", () -> host.bus.sync(host.file));
            host.bus.sync(host.file);
            assertArrayEquals(filled(2), host.read());
          });
      lost += Arrays.equals(filled(2), disk.crash(seed).read(FILE)) ? 0 : 1;
    }
    assertEquals(20, lost);
  }

  @Test
  void shortTransfersAndInterruptionsAreResumed() throws IOException {
    for (int seed = 0; seed < 20; seed++) {
      Faults faults = new Faults();
      Fault interrupted = faults.error("EINTR", SimOperation.READ, SimOperation.WRITE);
      interrupted.withOdds(0.3);
      Fault again = faults.error("EAGAIN", SimOperation.SYNC).at(1);
      Fault cut = faults.shortTransfer().withOdds(0.5);
      run(
          seed,
          faults,
          host -> {
            for (int i = 2; i < 8; i++) {
              host.write(i, 0, LENGTH, i % 2 == 0 ? WriteFlag.DSYNC : WriteFlag.NONE);
              assertArrayEquals(filled(i), host.read());
            }
            host.bus.sync(host.file);
          });
      assertTrue(interrupted.struck() + cut.struck() > 0);
      assertEquals(1, again.struck());
      assertArrayEquals(filled(7), disk.crash(seed).read(FILE));
    }
  }

  /// A page that came back short twice had failed, or had ended the file for a read.
  @Test
  void shortDirectTransfersAreResumed() throws IOException {
    long struck = 0;
    for (int seed = 0; seed < 40; seed++) {
      Faults faults = new Faults();
      Fault cut = faults.shortTransfer().withOdds(0.5);
      run(
          seed,
          faults,
          host -> {
            OpenFile file = host.bus.open(FILE, OpenFlag.READ, OpenFlag.WRITE, OpenFlag.DIRECT);
            MemorySegment pages = host.memory.asSlice(0, 16_384);
            for (int i = 2; i < 6; i++) {
              host.bus.writeFully(file, pages.fill((byte) i), 0, WriteFlag.DSYNC);
              pages.fill((byte) 0);
              assertEquals(16_384, host.bus.readFully(file, pages, 0));
              assertEquals(-1, Arrays.mismatch(filled(i), 0, 16_384, bytes(pages), 0, 16_384));
            }
            host.bus.close(file);
          });
      struck += cut.struck();
    }
    assertTrue(struck > 100);
  }

  private static byte[] bytes(MemorySegment memory) {
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void resourcesRunOut() throws IOException {
    run(
        1,
        new Faults().limitDescriptors(1),
        host -> assertFails("EMFILE", () -> host.bus.open(FILE)));
    run(
        1,
        new Faults(),
        host -> {
          disk.limitCapacity(LENGTH + 100);
          assertFails("ENOSPC", () -> host.write(1, LENGTH, 101, WriteFlag.NONE));
          host.write(1, LENGTH, 100, WriteFlag.NONE);
        });
  }

  @Test
  void silentFaultsOfReadsShowOnceAndChangeNothing() throws IOException {
    Faults faults = new Faults();
    faults.flippedBit().at(1);
    faults.staleRead().at(1);
    faults.misdirected(SimOperation.READ).at(1);
    run(
        2,
        faults,
        host -> {
          byte[] flipped = host.read();
          int at = Arrays.mismatch(filled(1), flipped);
          assertEquals(1, Integer.bitCount((flipped[at] ^ 1) & 0xff));
          flipped[at] = 1;
          assertArrayEquals(filled(1), flipped);
          host.write(2, 0, LENGTH, WriteFlag.NONE);
          assertArrayEquals(filled(1), host.read(), "stale");
          host.write(3, 0, 4096, WriteFlag.NONE);
          MemorySegment block = host.memory.asSlice(0, 4096);
          host.bus.read(host.file, block, 8192); // From elsewhere.
          assertEquals(4096, host.bus.read(host.file, block, 8192));
          assertEquals(2, block.get(ValueLayout.JAVA_BYTE, 0));
        });
  }

  @Test
  void lostAndMisdirectedWritesAreAcknowledged() throws IOException {
    for (int seed = 0; seed < 10; seed++) {
      Faults lost = new Faults();
      lost.lostWrite().at(1);
      run(
          seed,
          lost,
          host -> {
            host.write(5, 0, LENGTH, WriteFlag.DSYNC);
            host.bus.sync(host.file);
          });
      assertArrayEquals(filled(1), disk.crash(seed).read(FILE));
      Faults misdirected = new Faults();
      misdirected.misdirected(SimOperation.WRITE).at(1);
      run(seed, misdirected, host -> host.write(5, 8192, 4096, WriteFlag.DSYNC));
      disk.dropCaches(); // What the process wrote was in the page cache.
      byte[] left = disk.read(FILE);
      assertEquals(1, left[8192]);
      int damaged = 0;
      for (byte value : left) {
        damaged += value == 5 ? 1 : 0;
      }
      boolean clipped = damaged == LENGTH - 16_384;
      assertTrue(damaged == 4096 || clipped || damaged == 0, damaged + " bytes");
    }
  }

  @Test
  void staleReadsBringWhatWasDurableBefore() throws IOException {
    Faults faults = new Faults();
    faults.staleRead().at(1);
    run(
        3,
        faults,
        host -> {
          host.write(2, 0, LENGTH, WriteFlag.DSYNC);
          host.write(3, 0, LENGTH, WriteFlag.NONE);
          host.bus.sync(host.file);
          assertArrayEquals(filled(2), host.read());
          assertArrayEquals(filled(3), host.read());
        });
  }

  @Test
  void transfersGoAstrayToAnotherFile() throws IOException {
    Path other = DIRECTORY.resolve("other");
    for (int seed = 0; seed < 5; seed++) {
      Faults faults = new Faults();
      faults.astray(SimOperation.READ).at(1);
      faults.astray(SimOperation.WRITE).at(2);
      run(
          seed,
          faults,
          host -> {
            OpenFile second = host.bus.open(other, OpenFlag.WRITE, OpenFlag.CREATE);
            host.bus.writeFully(second, host.memory.asSlice(0, 9000).fill((byte) 7), 0, WriteFlag.DSYNC);
            host.bus.close(second);
            byte[] strayed = host.read();
            assertEquals(7, strayed[8999]);
            assertEquals(0, strayed[9000]);
            host.write(9, 4096, 8192, WriteFlag.DSYNC);
          });
      SimDisk after = disk.crash(seed);
      assertArrayEquals(filled(1), after.read(FILE));
      byte[] damaged = disk.read(other);
      assertEquals(9000, damaged.length, "a device knows no lengths");
      assertEquals(7, damaged[4095]);
      assertEquals(9, damaged[4096]);
      assertEquals(9, damaged[8999]);
    }
  }

  @Test
  void corruptedWritesStayWrong() throws IOException {
    Faults faults = new Faults();
    faults.corruptedWrite();
    run(4, faults, host -> host.write(5, 0, LENGTH, WriteFlag.DSYNC));
    byte[] left = disk.crash(1).read(FILE);
    int bits = 0;
    for (byte value : left) {
      bits += Integer.bitCount((value ^ 5) & 0xff);
    }
    assertEquals(1, bits);
  }

  @Test
  void aRefusalChangesNothingAndAFailurePerhaps() throws IOException {
    Path renamed = DIRECTORY.resolve("renamed");
    int done = 0;
    for (int seed = 0; seed < 20; seed++) {
      Faults faults = new Faults();
      faults.error("EPERM", SimOperation.RENAME).at(1);
      faults.error("EIO", SimOperation.RENAME).at(1);
      faults.error("ECANCELED", SimOperation.SYNC).at(1); // The shared bus asks again.
      faults.error("EIO", SimOperation.LIST);
      run(
          seed,
          faults,
          host -> {
            host.write(2, 0, LENGTH, WriteFlag.NONE);
            host.bus.sync(host.file);
            assertFails("EPERM", () -> host.bus.rename(FILE, renamed));
            assertTrue(disk.exists(FILE));
            assertFails("EIO", () -> host.bus.rename(FILE, renamed));
            assertThrows(IOException.class, () -> host.bus.list(DIRECTORY));
            assertEquals(1, host.bus.list(DIRECTORY).size());
          });
      done += disk.exists(renamed) ? 1 : 0;
      assertEquals(2, disk.crash(seed).read(disk.crash(seed).exists(FILE) ? FILE : renamed)[0]);
    }
    assertTrue(done > 0 && done < 20, done + " of 20 renames that failed were done");
  }

  @Test
  void aCloseThatFailsHasClosed() throws IOException {
    Faults faults = new Faults();
    faults.error("EIO", SimOperation.CLOSE).at(1);
    faults.error("EINTR", SimOperation.CLOSE).at(2);
    run(
        5,
        faults,
        host -> {
          OpenFile once = host.bus.open(FILE);
          assertFails("EIO", () -> host.bus.close(once));
        });
  }

  /// A kernel that tells an end twice would end another operation that has the place by then.
  @Test
  void whatIsToldTwiceIsReportedLoudly() {
    for (int seed = 0; seed < 10; seed++) {
      assertToldLoudly(seed, FaultsTest::writeOnABus);
      assertToldLoudly(seed, FaultsTest::writeOnASharedBus);
    }
  }

  private interface Writes {
    void on(SimScheduler scheduler) throws IOException;
  }

  private static void assertToldLoudly(long seed, Writes writes) {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    Faults faults = new Faults();
    Fault twice = faults.toldTwice(SimOperation.WRITE).at(2).sticky();
    SimScheduler scheduler = new SimScheduler(seed, disk, faults);
    Throwable failure =
        assertThrows(Throwable.class, () -> scheduler.run(() -> writes.on(scheduler)));
    boolean named = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      named |= cause instanceof AssertionError && ("" + cause.getMessage()).contains("completion ");
    }
    if (!named || twice.struck() == 0) {
      throw new AssertionError("seed " + seed + ", " + twice.struck() + " told twice", failure);
    }
  }

  private static void writeOnABus(SimScheduler scheduler) throws IOException {
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(BusOptions.defaults().withScheduler(scheduler))) {
      bus.submit(bus.create(FILE));
      Result opened = bus.dispatch();
      OpenFile file = opened.endOpen();
      bus.done(opened);
      MemorySegment memory = arena.allocate(100);
      for (int i = 0; i < 20; i++) {
        bus.submit(bus.write(file, memory, 0));
        bus.done(bus.dispatch());
      }
    }
  }

  /// By a virtual task, as a platform one may write in calls of its own.
  private static void writeOnASharedBus(SimScheduler scheduler) throws IOException {
    try (Arena arena = Arena.ofShared();
        SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(scheduler))) {
      OpenFile file = bus.open(FILE, OpenFlag.WRITE, OpenFlag.CREATE);
      MemorySegment memory = arena.allocate(100);
      scheduler.startVirtual(
          "writer",
          () -> {
            try {
              for (int i = 0; i < 20; i++) {
                bus.write(file, memory, 0, WriteFlag.NONE);
              }
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      scheduler.park(Long.MAX_VALUE);
    }
  }

  /// What a ring was given before it broke goes on, into memory that must still be there: an arena of the
  /// bus is not freed then, and one that nothing has happened to is.
  @Test
  void memoryOfABusOutlivesABrokenRing() throws IOException {
    for (int seed = 1; seed <= 10; seed++) {
      disk = new SimDisk();
      disk.createDirectories(DIRECTORY);
      disk.write(FILE, filled(1));
      SimScheduler scheduler = new SimScheduler(seed, disk, new Faults());
      assertTrue(scheduler.runVirtual(() -> writeOnABrokenRing(scheduler)));
      assertEquals(LENGTH, scheduler.memoryBytes());
    }
  }

  private static void writeOnABrokenRing(SimScheduler scheduler) throws IOException {
    SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(scheduler));
    OpenFile file = bus.open(FILE, OpenFlag.READ, OpenFlag.WRITE);
    Arena whole = bus.newArena();
    assertEquals(LENGTH, bus.readFully(file, whole.allocate(LENGTH), 0));
    whole.close();
    assertTrue(!whole.scope().isAlive());
    Arena kept = bus.newArena();
    MemorySegment from = kept.allocate(LENGTH, 4096);
    scheduler.faults().breakRingsAt(1);
    IOException failed =
        assertThrows(
            IOException.class, () -> bus.writeFully(file, from, 0, WriteFlag.NONE));
    assertTrue(!(failed instanceof BusException), failed::toString);
    assertThrows(IOException.class, () -> bus.sync(file));
    kept.close();
    kept.close();
    assertTrue(kept.scope().isAlive());
    scheduler.park(scheduler.nanoTime() + 1_000_000_000);
    bus.close();
  }

  @Test
  void faultsSayWhatTheyAre() {
    Faults faults = new Faults();
    assertEquals(
        "EIO in [DATA_SYNC] number 3 of wal-* and all that follow",
        faults.error("EIO", SimOperation.DATA_SYNC).inFiles("wal-*").at(3).sticky().toString());
    assertEquals("FLIPPED in [READ] with odds 0.5", faults.flippedBit().withOdds(0.5).toString());
  }

  @Test
  void badArgumentsAreRefused() {
    Faults faults = new Faults();
    assertThrows(IllegalArgumentException.class, () -> faults.error("ENONE"));
    assertThrows(IllegalArgumentException.class, () -> faults.misdirected(SimOperation.SYNC));
    assertThrows(IllegalArgumentException.class, () -> faults.losePowerAfter(0));
    assertThrows(IllegalArgumentException.class, () -> faults.breakRingsAt(0));
    assertThrows(IllegalArgumentException.class, () -> faults.shortTransfer().at(0));
    assertThrows(IllegalArgumentException.class, () -> faults.shortTransfer().withOdds(1.5));
  }
}
