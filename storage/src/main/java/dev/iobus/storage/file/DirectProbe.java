package dev.iobus.storage.file;

import dev.iobus.BusException;
import dev.iobus.FileStatus;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/// Whether direct transfers work in a directory: what the file system says, then a real write and
/// read in a file that is deleted again. The answer of `statx` alone is not trusted in either
/// direction: older kernels do not fill it in, and stacked file systems pass on what lies below.
final class DirectProbe {

  private static final String PREFIX = "probe-";

  private static final int DIGITS = 16;

  private static final int TRIAL_BYTES = 4096;

  /// On larger grids buffered transfers are used instead: a bus resumes a transfer that came short, as a
  /// read that meets the end of the file, at a multiple of 4 KiB.
  private static final int ALIGNMENT_MAX = 4096;

  private DirectProbe() {}

  /// Whether a file of that name was made here: nobody else has such names, so that what a process
  /// left that was killed meanwhile can be deleted.
  static boolean isName(String name) {
    if (!name.startsWith(PREFIX) || name.length() != PREFIX.length() + DIGITS) {
      return false;
    }
    return name.substring(PREFIX.length()).chars().allMatch(HexFormat::isHexDigit);
  }

  /// Deletes what those left who were killed here. Needs the directory's lock.
  ///
  /// @param names what the directory holds
  static void removeLeftovers(SharedBus bus, Path directory, List<String> names)
      throws IOException {
    for (String name : names) {
      if (isName(name)) {
        bus.unlink(directory.resolve(name));
      }
    }
  }

  /// What addresses, offsets and lengths must be a multiple of: a power of two; 0 when direct
  /// transfers are not possible here.
  ///
  /// @throws IOException for errors that say nothing of direct transfers, such as a full disk
  static int alignment(SharedBus bus, Path directory) throws IOException {
    long id = bus.scheduler().random("direct-probe").nextLong();
    Path path = directory.resolve(PREFIX + HexFormat.of().toHexDigits(id, DIGITS));
    OpenFile plain =
        bus.open(
            path,
            OpenFlag.READ,
            OpenFlag.WRITE,
            OpenFlag.CREATE,
            OpenFlag.EXCLUSIVE,
            OpenFlag.NO_FOLLOW);
    int alignment;
    try {
      alignment = statedAlignment(bus.stat(plain));
    } finally {
      bus.close(plain);
    }
    try {
      return alignment <= ALIGNMENT_MAX && works(bus, path, alignment) ? alignment : 0;
    } finally {
      bus.unlink(path);
    }
  }

  /// Where the file system does not say, a page: every device in use accepts that grid.
  private static int statedAlignment(FileStatus status) {
    int stated = Math.max(status.directMemoryAlignment(), status.directOffsetAlignment());
    if (stated <= 0) {
      return TRIAL_BYTES;
    }
    return Integer.highestOneBit(2 * stated - 1);
  }

  private static boolean works(SharedBus bus, Path path, int alignment) throws IOException {
    OpenFile file;
    try {
      file =
          bus.open(path, OpenFlag.READ, OpenFlag.WRITE, OpenFlag.DIRECT, OpenFlag.NO_FOLLOW);
    } catch (BusException e) {
      return refused(e);
    }
    int length = Math.max(TRIAL_BYTES, alignment);
    try (Arena arena = bus.newArena()) {
      MemorySegment out = arena.allocate(length, length).fill((byte) 0xa5);
      MemorySegment in = arena.allocate(length, length);
      bus.writeFully(file, out, 0, WriteFlag.NONE);
      long got = bus.readFully(file, in, 0);
      return got == length && out.mismatch(in) < 0;
    } catch (BusException e) {
      return refused(e);
    } finally {
      bus.close(file);
    }
  }

  /// False for the errors by which Linux refuses O_DIRECT (open(2), EINVAL); others are thrown.
  private static boolean refused(BusException e) throws BusException {
    return switch (e.errnoName()) {
      case "EINVAL", "EOPNOTSUPP", "ENOTSUP", "ENOSYS" -> false;
      default -> throw e;
    };
  }
}
