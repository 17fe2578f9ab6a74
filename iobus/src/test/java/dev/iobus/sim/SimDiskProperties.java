package dev.iobus.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Random writes, syncs and renames against models that list all that a crash may leave.
final class SimDiskProperties {

  private static final Path DIRECTORY = Path.of("/data");
  private static final int SECTORS = 12;

  /// What one sector, each filled with one value, and the length may be after a crash.
  private static final class FileModel {
    final List<TreeSet<Integer>> sectors = new ArrayList<>();
    final int[] live = new int[SECTORS];
    final TreeSet<Integer> lengths = new TreeSet<>();
    int durableLength;
    int length;

    FileModel() {
      for (int i = 0; i < SECTORS; i++) {
        sectors.add(new TreeSet<>(List.of(0)));
      }
    }

    void write(int from, int count, int value, boolean durable) {
      for (int i = from; i < from + count; i++) {
        set(i, value, durable);
      }
      if (from + count > length) {
        length = from + count;
        lengths.add(length);
      }
      if (durable) {
        lengths.removeIf(other -> other < from + count);
        durableLength = Math.max(durableLength, from + count);
      }
    }

    private void set(int index, int value, boolean durable) {
      if (durable) {
        sectors.get(index).clear();
      }
      sectors.get(index).add(value);
      live[index] = value;
    }

    void truncate(int newLength) {
      for (int i = newLength; i < length; i++) {
        set(i, 0, false);
      }
      length = newLength;
      lengths.add(newLength);
    }

    void sync() {
      for (int i = 0; i < SECTORS; i++) {
        sectors.get(i).clear();
        sectors.get(i).add(live[i]);
      }
      lengths.clear();
      durableLength = length;
    }

    void check(byte[] content) {
      assertEquals(0, content.length % Sector.BYTES);
      int found = content.length / Sector.BYTES;
      assertTrue(
          found == durableLength || lengths.contains(found),
          () -> found + " sectors, not " + durableLength + " or one of " + lengths);
      for (int i = 0; i < content.length / Sector.BYTES; i++) {
        int value = content[i * Sector.BYTES];
        byte[] expected = new byte[Sector.BYTES];
        Arrays.fill(expected, (byte) value);
        int start = i * Sector.BYTES;
        assertTrue(Arrays.equals(content, start, start + Sector.BYTES, expected, 0, Sector.BYTES));
        int index = i;
        assertTrue(
            sectors.get(i).contains(value),
            () -> "sector " + index + " is " + value + ", not one of " + sectors.get(index));
      }
    }
  }

  @Property(tries = 150)
  void crashLeavesOnlyWhatMayBeLeft(@ForAll long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    Path path = DIRECTORY.resolve("file");
    disk.write(path, new byte[0]);
    FileModel model = new FileModel();
    for (int step = 1; step < 60; step++) {
      SimFile file = (SimFile) disk.names().find(path, true);
      int from = random.nextInt(SECTORS);
      int count = 1 + random.nextInt(SECTORS - from);
      switch (random.nextInt(10)) {
        case 0 -> {
          disk.sync(file);
          model.sync();
        }
        case 1 -> {
          file.truncate((long) from * Sector.BYTES);
          model.truncate(from);
        }
        case 2, 3 -> {
          file.write((long) from * 512, bytes(count, step), 0, count * 512, SimFile.Way.DURABLE);
          model.write(from, count, step, true);
        }
        case 4 -> {
          disk = disk.crash(random.nextLong());
          byte[] content = disk.read(path);
          model.check(content);
          for (int i = 0; i < SECTORS; i++) {
            model.live[i] = i * 512 < content.length ? content[i * 512] : 0;
          }
          model.length = content.length / 512;
          model.sync();
        }
        default -> {
          SimFile.Way way = random.nextBoolean() ? SimFile.Way.CACHED : SimFile.Way.DIRECT;
          file.write((long) from * 512, bytes(count, step), 0, count * 512, way);
          model.write(from, count, step, false);
        }
      }
      for (int i = 0; i < 3; i++) {
        model.check(disk.crash(random.nextLong()).read(path));
      }
      byte[] live = disk.read(path);
      for (int i = 0; i < live.length; i++) {
        assertEquals(model.live[i / 512], live[i]);
      }
    }
  }

  private static byte[] bytes(int sectors, int value) {
    byte[] bytes = new byte[sectors * Sector.BYTES];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /// A change of names: what becomes of each name, by the length of the file that it stands for.
  private record Change(Map<String, Integer> names) {

    void apply(Map<String, Integer> to) {
      names.forEach(
          (name, file) -> {
            if (file == 0) {
              to.remove(name);
            } else {
              to.put(name, file);
            }
          });
    }
  }

  @Property(tries = 150)
  void crashKeepsWholeChangesOfNames(@ForAll long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    TreeMap<String, Integer> durable = new TreeMap<>();
    TreeMap<String, Integer> live = new TreeMap<>();
    List<Change> pending = new ArrayList<>();
    for (int step = 1; step < 40; step++) {
      String name = "" + (char) ('a' + random.nextInt(3));
      String other = "" + (char) ('a' + random.nextInt(3));
      Change change = new Change(new TreeMap<>());
      if (pending.size() == 7 || random.nextInt(8) == 0) {
        disk.sync(disk.names().find(DIRECTORY, true));
        durable = new TreeMap<>(live);
        pending.clear();
      } else if (!live.containsKey(name)) {
        SimFile file = disk.createFile(disk.names().place(DIRECTORY.resolve(name), false));
        file.write(0, bytes(step, 1), 0, step, SimFile.Way.CACHED);
        disk.sync(file);
        change.names().put(name, step);
      } else if (random.nextBoolean() || name.equals(other)) {
        disk.unlink(DIRECTORY.resolve(name));
        change.names().put(name, 0);
      } else {
        disk.rename(DIRECTORY.resolve(name), DIRECTORY.resolve(other));
        change.names().put(other, live.get(name));
        change.names().put(name, 0);
      }
      if (!change.names().isEmpty()) {
        change.apply(live);
        pending.add(change);
      }
      assertEquals(live, names(disk));
      List<Map<String, Integer>> possible = possible(durable, pending);
      for (int i = 0; i < 3; i++) {
        Map<String, Integer> found = names(disk.crash(random.nextLong()));
        assertTrue(possible.contains(found), () -> found + " is none of " + possible);
      }
    }
  }

  private static List<Map<String, Integer>> possible(
      Map<String, Integer> durable, List<Change> pending) {
    List<Map<String, Integer>> possible = new ArrayList<>();
    for (int set = 0; set < 1 << pending.size(); set++) {
      TreeMap<String, Integer> names = new TreeMap<>(durable);
      for (int i = 0; i < pending.size(); i++) {
        if ((set >> i & 1) != 0) {
          pending.get(i).apply(names);
        }
      }
      possible.add(names);
    }
    return possible;
  }

  private static Map<String, Integer> names(SimDisk disk) throws Exception {
    TreeMap<String, Integer> names = new TreeMap<>();
    for (String name : disk.list(DIRECTORY)) {
      names.put(name, disk.read(DIRECTORY.resolve(name)).length);
    }
    return names;
  }
}
