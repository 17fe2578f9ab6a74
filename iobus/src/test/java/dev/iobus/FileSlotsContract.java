package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every bus promises of files that are opened into slots of its own table.
@Timeout(60)
abstract class FileSlotsContract {

  static final int SLOTS = 4;

  @TempDir Path directory;

  Bus bus;
  Arena arena;

  abstract Bus open(BusOptions options) throws IOException;

  HostFiles host() {
    return HostFiles.REAL;
  }

  @BeforeEach
  void openBus() throws IOException {
    bus = open(BusOptions.defaults().withCapacity(16).withFiles(SLOTS));
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeBus() {
    if (bus != null) {
      bus.close();
      arena.close();
    }
  }

  private Path file(String name, int length, int value) throws IOException {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    host().write(directory.resolve(name), bytes);
    return directory.resolve(name);
  }

  private RegisteredFile opened(Handle open) throws IOException {
    bus.submit(open);
    Result result = bus.dispatch();
    RegisteredFile file = result.endOpenRegistered();
    assertSame(file, result.endOpenRegistered());
    bus.done(result);
    return file;
  }

  /// The error numbers of the handles, in their order, after dispatching them all.
  private List<Integer> errnos(Handle... handles) throws IOException {
    Integer[] errnos = new Integer[handles.length];
    for (int i = 0; i < handles.length; i++) {
      Result result = bus.dispatch();
      errnos[List.of(handles).indexOf(result.handle())] = result.errno();
      bus.done(result);
    }
    return List.of(errnos);
  }

  private int errno(Handle handle) throws IOException {
    bus.submit(handle);
    return errnos(handle).getFirst();
  }

  private MemorySegment memory(int length) {
    return arena.allocate(length, 4096);
  }

  @Test
  void openReadAndCloseGoInOneChain() throws IOException {
    RegisteredFile slot = bus.reserveFile();
    assertTrue(slot.isSlotOnly());
    assertThrows(IllegalStateException.class, slot::file);
    for (int round = 1; round <= 3; round++) {
      Path path = file("chain" + round, 1000, round);
      MemorySegment into = memory(1000);
      Handle open = bus.openRegistered(slot, path);
      Handle read = bus.read(slot, into, 0);
      Handle close = bus.close(slot);
      bus.chain(open, read, close);
      assertEquals(List.of(0, 0, 0), errnos(open, read, close));
      assertEquals((byte) round, into.get(ValueLayout.JAVA_BYTE, 999));
      assertEquals(path.toString(), slot.path());
    }
    assertEquals(9, errno(bus.read(slot, memory(10), 0)), "the slot is empty");
    bus.unregister(slot);
    assertThrows(IllegalStateException.class, () -> bus.read(slot, memory(10), 0));
    assertThrows(IllegalStateException.class, () -> bus.openRegistered(slot, directory));
  }

  @Test
  void aChainIsCutByAFileThatIsNotThere() throws IOException {
    RegisteredFile slot = bus.reserveFile();
    Handle open = bus.openRegistered(slot, directory.resolve("none"));
    Handle read = bus.read(slot, memory(10), 0);
    Handle close = bus.close(slot);
    bus.chain(open, read, close);
    assertEquals(List.of(2, 125, 125), errnos(open, read, close));
    // A slot that was reserved is good for the next attempt.
    assertEquals(0, errno(bus.openRegistered(slot, file("there", 10, 1))));
    assertEquals(0, errno(bus.close(slot)));
  }

  @Test
  void aFileWithoutADescriptorDoesWhatFilesDo() throws IOException {
    RegisteredFile file =
        opened(
            bus.openRegistered(
                directory.resolve("new"), OpenFlag.CREATE, OpenFlag.WRITE, OpenFlag.READ));
    MemorySegment from = memory(5000).fill((byte) 7);
    assertEquals(0, errno(bus.write(file, from, 0, WriteFlag.DSYNC)));
    assertEquals(0, errno(bus.writeFully(file, from, 5000, WriteFlag.NONE)));
    assertEquals(0, errno(bus.dataSync(file)));
    MemorySegment[] parts = {memory(100), memory(900)};
    assertEquals(0, errno(bus.read(file, parts, 4500)));
    assertEquals(-1, parts[1].mismatch(from.asSlice(0, 900)));
    assertEquals(10_000, host().read(directory.resolve("new")).length);
    assertFalse(file.isDirect());

    int stat = errno(bus.stat(file));
    assertTrue(stat == 0 || (stat == 95 && bus.backend() == BackendKind.IO_URING));
    int truncate = errno(bus.truncate(file, 10));
    assertTrue(truncate == 0 || (truncate == 95 && bus.backend() == BackendKind.IO_URING));

    assertEquals(0, errno(bus.close(file)));
    assertThrows(IllegalStateException.class, () -> bus.read(file, from, 0));
    assertThrows(IllegalStateException.class, () -> bus.close(file));
    assertThrows(IllegalStateException.class, () -> bus.unregister(file));
  }

  @Test
  void closedFilesGiveTheirSlotsBack() throws IOException {
    Path path = file("again", 10, 1);
    for (int round = 0; round < 3 * SLOTS; round++) {
      RegisteredFile file = opened(bus.openRegistered(path));
      if (round % 3 == 0) {
        bus.unregister(file);
      } else {
        assertEquals(0, errno(bus.close(file)));
      }
      assertEquals(2, errno(bus.openRegistered(directory.resolve("none"))));
      bus.discard(bus.openRegistered(path));
      bus.submit(bus.openRegistered(path));
      bus.done(bus.dispatch()); // Nobody asks for the file.
    }
    assertEquals(0, errno(bus.openRegistered(path)));
  }

  @Test
  void aFullTableNamesTheOption() throws IOException {
    Assumptions.assumeTrue(bus.backend() == BackendKind.IO_URING, "the table has no limit here");
    List<RegisteredFile> slots = new ArrayList<>();
    for (int i = 0; i < SLOTS; i++) {
      slots.add(bus.reserveFile());
    }
    BusException full = assertThrows(BusException.class, bus::reserveFile);
    assertEquals("ENFILE", full.errnoName());
    assertTrue(requireNonNull(full.getMessage()).contains("BusOptions.withFiles"));
    assertThrows(BusException.class, () -> bus.openRegistered(directory));
    bus.unregister(slots.getFirst());
    bus.reserveFile();
  }

  /// Nobody has to say beforehand how many there will be, up to the limit on open files.
  @Test
  void theTableHasRoomForAllThatTheProcessMayOpen() throws IOException {
    int count = (int) Math.min(2000, openFilesMax() / 2);
    Path path = file("many", 8, 3);
    try (Bus unsized = open(BusOptions.defaults().withCapacity(4))) {
      unsized.submit(unsized.open(path));
      Result result = unsized.dispatch();
      OpenFile plain = result.endOpen();
      unsized.done(result);
      List<RegisteredFile> files = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        files.add(unsized.register(plain));
        unsized.reserveFile();
      }
      MemorySegment into = memory(8);
      unsized.submit(unsized.read(files.getLast(), into, 0));
      Result read = unsized.dispatch();
      assertEquals(8, read.endRead());
      unsized.done(read);
      unsized.submit(unsized.close(plain));
      unsized.done(unsized.dispatch());
    }
  }

  /// Asked without a system call of ours, for hosts that allow none.
  private static long openFilesMax() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : 4000;
  }

  @Test
  void aCloseThatWasCancelledLeavesTheFileOpen() throws IOException {
    Path path = file("cut", 10, 5);
    RegisteredFile file = opened(bus.openRegistered(path));
    Handle shortRead = bus.read(file, memory(100), 0);
    Handle close = bus.close(file);
    bus.chain(shortRead, close);
    assertThrows(IllegalStateException.class, () -> bus.read(file, memory(10), 0));
    assertEquals(List.of(0, 125), errnos(shortRead, close));
    assertEquals(0, errno(bus.read(file, memory(10), 0)));
    assertEquals(0, errno(bus.close(file)));

    bus.submit(bus.open(path));
    Result result = bus.dispatch();
    OpenFile plain = result.endOpen();
    bus.done(result);
    Handle again = bus.read(plain, memory(100), 0);
    Handle closes = bus.close(plain);
    bus.chain(again, closes);
    assertTrue(plain.isClosed());
    assertEquals(List.of(0, 125), errnos(again, closes));
    assertFalse(plain.isClosed());
    assertEquals(0, errno(bus.close(plain)));
    assertTrue(plain.isClosed());
  }

  /// A request that has not begun would find another file in a slot that was given away.
  @Test
  void aSlotIsNotGivenAwayUnderAnOperation() throws IOException {
    Path first = file("first", 4096, 1);
    Path second = file("second", 4096, 2);
    for (int round = 0; round < 50; round++) {
      RegisteredFile file = opened(bus.openRegistered(first));
      MemorySegment into = memory(4096);
      Handle before = bus.read(file, memory(4096), 0);
      Handle read = bus.read(file, into, 0);
      bus.chain(before, read);
      bus.unregister(file);
      RegisteredFile other = opened(bus.openRegistered(second), before, read);
      assertEquals((byte) 1, into.get(ValueLayout.JAVA_BYTE, 4095));
      assertEquals(0, errno(bus.close(other)));
    }
  }

  /// Takes an opened file among the results of others, all of which must be good.
  private RegisteredFile opened(Handle open, Handle... others) throws IOException {
    bus.submit(open);
    RegisteredFile file = null;
    for (int i = 0; i <= others.length; i++) {
      Result result = bus.dispatch();
      assertEquals(0, result.errno(), result::toString);
      if (result.handle() == open) {
        file = result.endOpenRegistered();
      }
      bus.done(result);
    }
    return requireNonNull(file);
  }

  @Test
  void slotsOfOthersAreRefused() throws IOException {
    RegisteredFile slot = bus.reserveFile();
    Path path = file("other", 10, 1);
    try (Bus other = open(BusOptions.defaults().withCapacity(2).withFiles(SLOTS))) {
      assertThrows(IllegalArgumentException.class, () -> other.openRegistered(slot, path));
      assertThrows(IllegalArgumentException.class, () -> other.close(slot));
      assertThrows(IllegalArgumentException.class, () -> other.unregister(slot));
    }
    RegisteredFile automatic = opened(bus.openRegistered(path));
    assertThrows(IllegalArgumentException.class, () -> bus.openRegistered(automatic, path));
    bus.submit(bus.open(path));
    Result result = bus.dispatch();
    OpenFile plain = result.endOpen();
    bus.done(result);
    RegisteredFile beside = bus.register(plain);
    assertSame(plain, beside.file());
    assertThrows(IllegalArgumentException.class, () -> bus.close(beside));
    assertEquals(0, errno(bus.stat(beside)));
    assertEquals(0, errno(bus.close(plain)));
    // The number of the descriptor may be that of another file by now.
    assertThrows(IllegalStateException.class, () -> bus.stat(beside));
  }

  @Test
  void closingTheBusClosesWhatIsInItsSlots() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    Assumptions.assumeTrue(Files.isDirectory(descriptors), "no /proc on this host");
    Path path = file("leak", 10, 1);
    for (int i = 0; i < SLOTS; i++) {
      bus.submit(bus.openRegistered(path));
    }
    bus.done(bus.dispatch());
    bus.close();
    try (var entries = Files.newDirectoryStream(descriptors)) {
      for (Path entry : entries) {
        Path target;
        try {
          target = Files.readSymbolicLink(entry);
        } catch (IOException e) {
          continue; // The descriptor of this very listing is gone when it is looked at.
        }
        assertFalse(target.equals(path), entry::toString);
      }
    }
  }
}
