package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusException;
import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
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
      assertEquals(1, disk.read(FILE)[8192]);
    }
  }

  @Test
  void badArgumentsAreRefused() {
    Faults faults = new Faults();
    assertThrows(IllegalArgumentException.class, () -> faults.error("ENONE"));
    assertThrows(IllegalArgumentException.class, () -> faults.misdirected(SimOperation.SYNC));
    assertThrows(IllegalArgumentException.class, () -> faults.losePowerAfter(0));
    assertThrows(IllegalArgumentException.class, () -> faults.shortTransfer().at(0));
    assertThrows(IllegalArgumentException.class, () -> faults.shortTransfer().withOdds(1.5));
  }
}
