package dev.iobus.sim;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Damage is in one block of one file, and of every kind.
final class DamageTest {

  private static final Path DIRECTORY = Path.of("/data");

  private static SimDisk disk(int add) throws IOException {
    SimDisk disk = new SimDisk();
    disk.createDirectories(DIRECTORY);
    for (String name : List.of("a", "b")) {
      byte[] bytes = new byte[10_000];
      new SplittableRandom(name.hashCode() + add).nextBytes(bytes);
      disk.write(DIRECTORY.resolve(name), bytes);
    }
    return disk;
  }

  @Test
  void oneBlockIsDamagedInEveryWay() throws IOException {
    TreeSet<String> ways = new TreeSet<>();
    for (int seed = 0; seed < 200; seed++) {
      SimDisk disk = disk(0);
      String what =
          requireNonNull(Damage.one(new SplittableRandom(seed), disk, DIRECTORY, disk(1)));
      List<Integer> blocks = new ArrayList<>();
      for (String name : List.of("a", "b")) {
        byte[] before = disk(0).read(DIRECTORY.resolve(name));
        byte[] after = disk.read(DIRECTORY.resolve(name));
        assertEquals(before.length, after.length);
        for (int at = 0; at < before.length; at += 4096) {
          int end = Math.min(before.length, at + 4096);
          if (!Arrays.equals(before, at, end, after, at, end)) {
            blocks.add(at);
            assertTrue(what.startsWith("/data/" + name + ": "), what);
          }
        }
      }
      assertEquals(1, blocks.size(), what);
      ways.add(what.replaceAll(".*: ", "").replaceAll("[0-9]+", "N").replaceAll("/data/.", "F"));
    }
    assertEquals(
        List.of(
            "a bit at N",
            "the block at N is an earlier one",
            "the block at N is that at N",
            "the block at N is that of F",
            "the block at N is zero"),
        List.copyOf(ways));
  }

  @Test
  void whereNothingIsNothingIsDamaged() throws IOException {
    SimDisk disk = new SimDisk();
    assertNull(Damage.one(new SplittableRandom(1), disk, DIRECTORY, disk));
    disk.createDirectories(DIRECTORY);
    disk.write(DIRECTORY.resolve("empty"), new byte[0]);
    assertNull(Damage.one(new SplittableRandom(1), disk, DIRECTORY, disk));
    assertArrayEquals(new byte[0], disk.read(DIRECTORY.resolve("empty")));
  }
}
