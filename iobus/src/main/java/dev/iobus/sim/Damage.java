package dev.iobus.sim;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Damage at rest of one place, as a device makes it that says nothing. Stateless.
///
/// ```java
/// SimDisk before = disk.kill(1); // a copy, for what is there from then on
/// // … the disk is used …
/// SimDisk after = disk.crash(seed);
/// String what = Damage.one(new SplittableRandom(seed), after, Path.of("/data"), before);
/// ```
public final class Damage {

  private static final int BLOCK_BYTES = 4096;

  private static final int TRIES = 20;

  private Damage() {}

  /// Damages one place in a file of a directory: a bit is turned over, or a block of 4 KiB is lost, is
  /// one that belongs elsewhere, or is what it was before.
  ///
  /// @param disk is changed
  /// @param directory which need not be there; it has no directories in it
  /// @param before the same disk at an earlier time, or the same
  /// @return what was done, in words that begin with the file's path, or null when nothing was
  public static @Nullable String one(
      RandomGenerator random, SimDisk disk, Path directory, SimDisk before) throws IOException {
    List<String> names = disk.exists(directory) ? disk.list(directory) : List.of();
    for (int i = 0; i < TRIES && !names.isEmpty(); i++) {
      Path file = directory.resolve(names.get(random.nextInt(names.size())));
      byte[] bytes = disk.read(file);
      if (bytes.length > 0) {
        int at = place(random, bytes);
        if (random.nextInt(3) == 0) {
          disk.flipBit(file, at, random.nextInt(8));
          return file + ": a bit at " + at;
        }
        Path another = directory.resolve(names.get(random.nextInt(names.size())));
        String how = block(random, disk, before, file, another, bytes, at - at % BLOCK_BYTES);
        if (how != null) {
          return how;
        }
      }
    }
    return null;
  }

  /// Most of a log is zeros that nobody reads: rather a byte that is none.
  private static int place(RandomGenerator random, byte[] bytes) {
    int at = random.nextInt(bytes.length);
    for (int i = 0; i < bytes.length && bytes[at] == 0; i++) {
      at = at == 0 ? bytes.length - 1 : at - 1;
    }
    return at;
  }

  /// Puts into the place of a block what a device may put or leave there.
  ///
  /// @return what was done, or null when it is what was there
  private static @Nullable String block(
      RandomGenerator random,
      SimDisk disk,
      SimDisk before,
      Path file,
      Path another,
      byte[] bytes,
      int at)
      throws IOException {
    int length = Math.min(BLOCK_BYTES, bytes.length - at);
    int beside = Math.max(0, at + BLOCK_BYTES * (1 - 2 * random.nextInt(2)));
    int fate = random.nextInt(4);
    byte[] other =
        switch (fate) {
          case 0 -> new byte[length];
          case 1 -> part(disk.read(another), at, length);
          case 2 -> part(bytes, beside, length);
          default -> before.exists(file) ? part(before.read(file), at, length) : new byte[length];
        };
    if (Arrays.equals(bytes, at, at + length, other, 0, length)) {
      return null;
    }
    System.arraycopy(other, 0, bytes, at, length);
    disk.write(file, bytes);
    String what =
        switch (fate) {
          case 0 -> "is zero";
          case 1 -> "is that of " + another;
          case 2 -> "is that at " + beside;
          default -> "is an earlier one";
        };
    return file + ": the block at " + at + ' ' + what;
  }

  private static byte[] part(byte[] bytes, int from, int length) {
    byte[] part = new byte[length];
    int begin = Math.clamp(from, 0, bytes.length);
    int count = Math.min(length, bytes.length - begin);
    System.arraycopy(bytes, begin, part, 0, count);
    return part;
  }
}
