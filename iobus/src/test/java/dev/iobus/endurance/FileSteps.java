package dev.iobus.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.Bus;
import dev.iobus.Handle;
import dev.iobus.HostFiles;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.RegisteredBuffer;
import dev.iobus.RegisteredFile;
import dev.iobus.Result;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/// What a [BusMachine] does to files.
///
/// - A file that nobody changes is read; each byte that comes is known.
/// - A file of regions is written, chained and closed under what is in flight. Each region has a
///   known content, or an unknown one after a write that did not end well.
/// - A decoy takes the number of the descriptor that is closed, and must stay empty.
///
/// Confined to one thread.
final class FileSteps {

  private static final int SLOTS = 16;
  private static final int REGION = 4096;
  private static final int WHOLE = 1 << 20; // Takes two requests.
  private static final int PATTERN = 2 << 20;
  private static final int DECOYS = 6;
  private static final int SEEDS = 256;
  private static final int UNKNOWN = -1;

  private final BusMachine machine;
  private final Path directory;
  private final HostFiles host;
  private final MemorySegment pattern;
  private final Area[] areas = new Area[SLOTS];
  private final Area[] copies = new Area[SLOTS];
  private final Area whole;

  /// Operations in flight that use the areas of a slot.
  private final int[] busy = new int[SLOTS];

  private boolean wholeBusy;

  /// What stands in each region.
  private final int[] seeds = new int[SLOTS];

  /// What is read through a slot of the bus, and how many operations of a chain are on it.
  private final Area slotArea;

  private RegisteredFile slot;
  private int inSlot;

  private OpenFile read;
  private OpenFile written;
  private List<OpenFile> decoys = List.of();
  private RegisteredBuffer known;

  /// Files whose close is in flight.
  private final List<OpenFile> closing = new ArrayList<>();

  /// Files whose close was cancelled.
  private final List<OpenFile> reopened = new ArrayList<>();

  FileSteps(BusMachine machine, Path directory, HostFiles host, Arena arena)
      throws IOException {
    this.machine = machine;
    this.directory = directory;
    this.host = host;
    pattern = arena.allocate(PATTERN);
    byte[] bytes = new byte[PATTERN];
    new Random(3).nextBytes(bytes);
    MemorySegment.copy(bytes, 0, pattern, ValueLayout.JAVA_BYTE, 0, PATTERN);
    host.write(directory.resolve("pattern"), bytes);
    host.write(directory.resolve("regions"), new byte[SLOTS * REGION]);
    host.write(directory.resolve("decoy"), new byte[0]);
    for (int i = 0; i < SLOTS; i++) {
      areas[i] = new Area(arena, REGION);
      copies[i] = new Area(arena, REGION);
      seeds[i] = UNKNOWN;
    }
    whole = new Area(arena, WHOLE);
    slotArea = new Area(arena, REGION);
    slot = machine.bus().reserveFile();
    known = machine.bus().register(copies[0].memory);
    read = openNow("pattern", OpenFlag.READ);
    decoys = openDecoys();
    written = openNow("regions", OpenFlag.READ, OpenFlag.WRITE);
  }

  OpenFile written() {
    return written;
  }

  /// All memory of these operations.
  List<Area> memory() {
    List<Area> all = new ArrayList<>(List.of(areas));
    all.addAll(List.of(copies));
    all.add(whole);
    all.add(slotArea);
    return all;
  }

  void read(int slot, int y) throws IOException {
    if (busy[slot] > 0) {
      return;
    }
    busy[slot]++;
    int length = 1 + y % REGION;
    int offset = (int) (y * 7919L % (PATTERN + REGION)); // Perhaps behind the end.
    Area area = areas[slot];
    MemorySegment into = area.cleared(length);
    Bus bus = machine.bus();
    Handle handle =
        y % 3 == 0 && length > 1
            ? bus.read(read, parts(into, y), offset)
            : bus.read(read, into, offset);
    machine.place(
        new Expected(
            "read",
            result -> {
              checkRead(area, result.endRead(), offset, length);
              freeSlot(slot);
            },
            errno -> freeSlot(slot)),
        handle);
  }

  /// One segment as two.
  private static MemorySegment[] parts(MemorySegment memory, int y) {
    long at = 1 + y % (memory.byteSize() - 1);
    return new MemorySegment[] {memory.asSlice(0, at), memory.asSlice(at)};
  }

  /// Into memory that the bus knows.
  void readRegistered(int y) throws IOException {
    if (busy[0] > 0) {
      return;
    }
    busy[0]++;
    int length = 1 + y % REGION;
    int offset = y * 31 % PATTERN;
    Area area = copies[0];
    area.cleared(length);
    machine.place(
        new Expected(
            "read into a registered buffer",
            result -> {
              checkRead(area, result.endRead(), offset, length);
              freeSlot(0);
            },
            errno -> freeSlot(0)),
        machine.bus().read(read, known, 0, length, offset));
  }

  private void checkRead(Area area, int count, int offset, int length) {
    int wanted = Math.max(0, Math.min(length, PATTERN - offset));
    assertEquals(wanted == 0 ? -1 : wanted, count);
    area.checkTouched(pattern, Math.min(offset, PATTERN), wanted);
  }

  void readFully(int y) throws IOException {
    if (wholeBusy) {
      return;
    }
    wholeBusy = true;
    int offset = y * 1021 % PATTERN;
    machine.place(
        new Expected(
            "readFully",
            result -> {
              long count = result.endReadFully();
              assertEquals(Math.min(WHOLE, PATTERN - offset), count);
              whole.checkTouched(pattern, offset, count);
              wholeBusy = false;
            },
            errno -> freeWhole()),
        machine.bus().readFully(read, whole.cleared(WHOLE), offset));
  }

  /// Behind the regions, where nobody reads: what matters is that it goes nowhere else.
  void writeFully(int y) throws IOException {
    if (wholeBusy) {
      return;
    }
    wholeBusy = true;
    long offset = (long) SLOTS * REGION + y % 3 * 4096L;
    machine.place(
        new Expected(
                "writeFully",
                result -> {
                  assertEquals(WHOLE, result.endWriteFully());
                  freeWhole();
                },
                errno -> freeWhole())
            .on(written),
        machine.bus().writeFully(written, whole.memory, offset, WriteFlag.NONE));
  }

  void write(int slot, int y) throws IOException {
    if (busy[slot] > 0) {
      return;
    }
    WriteFlag flag = y % 16 == 0 ? WriteFlag.DSYNC : WriteFlag.NONE;
    machine.place(writing(slot, y), writeOf(slot, flag));
  }

  private Handle writeOf(int slot, WriteFlag flag) {
    return machine.bus().write(written, areas[slot].memory, (long) slot * REGION, flag);
  }

  /// A write of a region, which has a known content when it has ended well.
  private Expected writing(int slot, int y) {
    busy[slot]++;
    int seed = y % SEEDS;
    areas[slot].memory.copyFrom(pattern.asSlice(seedPlace(seed), REGION));
    seeds[slot] = UNKNOWN;
    return new Expected(
            "write",
            result -> {
              assertEquals(REGION, result.endWrite());
              freeSlot(slot);
              seeds[slot] = seed;
            },
            errno -> freeSlot(slot))
        .on(written);
  }

  private static long seedPlace(int seed) {
    return seed * 4001L;
  }

  void writeThenRead(int slot, int y) throws IOException {
    if (busy[slot] > 0) {
      return;
    }
    Expected write = writing(slot, y);
    busy[slot]++;
    Area copy = copies[slot];
    Expected back =
        new Expected(
                "read of what was written",
                result -> {
                  assertEquals(REGION, result.endRead());
                  copy.checkTouched(pattern, seedPlace(y % SEEDS), REGION);
                  freeSlot(slot);
                },
                errno -> freeSlot(slot))
            .on(written)
            .behind(write);
    Handle first = machine.expect(write, writeOf(slot, WriteFlag.NONE));
    Handle second =
        machine.expect(
            back, machine.bus().read(written, copy.cleared(REGION), (long) slot * REGION));
    machine.bus().chain(first, second);
  }

  /// Opens a file into a slot, reads it and closes it.
  void slotChain(int y) throws IOException {
    if (inSlot > 0) {
      return;
    }
    inSlot = 3;
    int offset = y * 13 % (PATTERN - REGION);
    Bus bus = machine.bus();
    Expected open =
        new Expected("open into a slot", result -> inSlot--, errno -> inSlot--);
    Expected read =
        new Expected(
                "read from a slot",
                result -> {
                  checkRead(slotArea, result.endRead(), offset, REGION);
                  inSlot--;
                },
                errno -> inSlot--)
            .behind(open);
    Expected close =
        new Expected(
                "close of a slot",
                result -> {
                  result.endClose();
                  inSlot--;
                },
                errno -> inSlot--)
            .behind(read);
    bus.chain(
        machine.expect(open, bus.openRegistered(slot, directory.resolve("pattern"))),
        machine.expect(read, bus.read(slot, slotArea.cleared(REGION), offset)),
        machine.expect(close, bus.close(slot)));
  }

  /// A read that must be short, and behind it a write that must not happen, or, in a series, must.
  void cutChain(int slot, int y) throws IOException {
    if (busy[slot] > 0) {
      return;
    }
    int before = seeds[slot];
    Area copy = copies[slot];
    busy[slot]++;
    Expected shortRead =
        new Expected(
            "short read",
            result -> {
              assertEquals(10, result.endRead());
              copy.checkTouched(pattern, PATTERN - 10, 10);
              freeSlot(slot);
            },
            errno -> freeSlot(slot));
    boolean series = y % 2 == 0;
    Expected write = writing(slot, y);
    if (!series) {
      shortRead.cuts();
      write = neverRunning(slot, before).behind(shortRead);
    }
    Handle first =
        machine.expect(shortRead, machine.bus().read(read, copy.cleared(100), PATTERN - 10));
    Handle second = machine.expect(write, writeOf(slot, WriteFlag.NONE));
    if (series) {
      machine.bus().serialize(first, second);
    } else {
      machine.bus().chain(first, second);
    }
  }

  private Expected neverRunning(int slot, int seed) {
    return new Expected(
            "write behind a short read",
            result -> assertEquals(-1, result.endWrite(), "it must not run"),
            errno -> {
              freeSlot(slot);
              seeds[slot] = seed;
            })
        .on(written);
  }

  void sync(int y) throws IOException {
    Bus bus = machine.bus();
    machine.place(
        new Expected("sync", Result::endSync, errno -> {}).on(written),
        y % 2 == 0 ? bus.sync(written) : bus.dataSync(written));
  }

  /// Closes the file under all that is in flight on it; its number goes to a decoy.
  void reopen() throws IOException {
    List<OpenFile> before = decoys;
    machine.makeRoom();
    closeFile(written);
    decoys = openDecoys();
    written = openNow("regions", OpenFlag.READ, OpenFlag.WRITE);
    for (OpenFile decoy : before) {
      machine.makeRoom();
      closeFile(decoy);
    }
  }

  /// As many as there may be smaller numbers that are free.
  private List<OpenFile> openDecoys() throws IOException {
    List<OpenFile> opened = new ArrayList<>();
    for (int i = 0; i < DECOYS; i++) {
      opened.add(openNow("decoy", OpenFlag.READ, OpenFlag.WRITE));
    }
    return opened;
  }

  private void closeFile(OpenFile file) throws IOException {
    closing.add(file);
    machine.place(
        new Expected(
            "close",
            result -> {
              result.endClose();
              closing.remove(file);
            },
            errno -> {
              closing.remove(file);
              assertFalse(file.isClosed(), () -> "a close that failed with " + errno);
              reopened.add(file);
            }),
        machine.bus().close(file));
  }

  private OpenFile openNow(String name, OpenFlag... flags) throws IOException {
    machine.settleIfDraining();
    machine.makeRoom();
    OpenFile[] file = {null};
    machine.place(
        new Expected(
            "open", result -> file[0] = result.endOpen(), errno -> assertEquals(0, errno, name)),
        machine.bus().open(directory.resolve(name), flags));
    while (file[0] == null) {
      machine.takeNext();
    }
    return file[0];
  }

  private void freeSlot(int slot) {
    areas[slot].checkCanaries();
    copies[slot].checkCanaries();
    busy[slot]--;
  }

  private void freeWhole() {
    whole.checkCanaries();
    wholeBusy = false;
  }

  /// The bus was closed in mid-flight, and there is another.
  void busWasReplaced() throws IOException {
    for (int i = 0; i < SLOTS; i++) {
      seeds[i] = busy[i] > 0 ? UNKNOWN : seeds[i];
      busy[i] = 0;
    }
    wholeBusy = false;
    inSlot = 0;
    for (OpenFile file : closing) {
      if (!file.isClosed()) {
        reopened.add(file); // Cancelled before the bus was closed, which told nobody.
      }
    }
    closing.clear();
    slot = machine.bus().reserveFile();
    known = machine.bus().register(copies[0].memory);
  }

  /// Compares the files with the model and closes them. Nothing may be in flight.
  void end() throws IOException {
    byte[] regions = host.read(directory.resolve("regions"));
    for (int i = 0; i < SLOTS; i++) {
      if (seeds[i] != UNKNOWN) {
        byte[] region = Arrays.copyOfRange(regions, i * REGION, (i + 1) * REGION);
        byte[] wanted = new byte[REGION];
        MemorySegment.copy(
            pattern, ValueLayout.JAVA_BYTE, seedPlace(seeds[i]), wanted, 0, REGION);
        assertTrue(Arrays.equals(wanted, region), "region " + i);
      }
    }
    assertEquals(0, host.read(directory.resolve("decoy")).length, "a write went to another file");
    byte[] readOnly = host.read(directory.resolve("pattern"));
    assertEquals(-1, pattern.mismatch(MemorySegment.ofArray(readOnly)));
    List<OpenFile> open = new ArrayList<>(reopened);
    open.addAll(decoys);
    open.add(read);
    open.add(written);
    for (OpenFile file : open) {
      closeFile(file);
      machine.awaitAll();
    }
  }
}
