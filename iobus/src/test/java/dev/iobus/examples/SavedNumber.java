package dev.iobus.examples;

import dev.iobus.BusOptions;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// Saves a number so that a loss of power leaves the old one or the new one, and proves it: a
/// simulated host loses power after each operation, with several outcomes for each.
///
/// Run it without arguments: it prints how many crashes it has looked at.
public final class SavedNumber {

  private static final Path DIRECTORY = Path.of("/numbers");
  private static final Path FILE = DIRECTORY.resolve("number");
  private static final Path NEW = DIRECTORY.resolve("number.new");

  private static final int CRASHES_EACH = 20;

  /// Whether the directory is synced: without that a saved number may be gone.
  private final boolean careful;

  /// @param careful whether to sync the directory, too
  SavedNumber(boolean careful) {
    this.careful = careful;
  }

  /// What the program is about: a new file, synced, under its name, synced.
  private void save(SharedBus bus, long number) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_LONG, number);
      OpenFile file = bus.open(NEW, OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.TRUNCATE);
      bus.writeFully(file, memory, 0, WriteFlag.NONE);
      bus.sync(file);
      bus.close(file);
      bus.rename(NEW, FILE);
      if (careful) {
        OpenFile directory = bus.open(DIRECTORY, OpenFlag.READ, OpenFlag.DIRECTORY);
        bus.sync(directory);
        bus.close(directory);
      }
    }
  }

  /// Saves 1 to 5 and loses power after so many operations of the disk. Returns whether it came to
  /// the end before.
  private boolean run(SimDisk disk, long operations, long[] saved) throws IOException {
    Faults faults = new Faults().losePowerAfter(operations);
    SimScheduler host = new SimScheduler(operations, disk, faults);
    return host.run(
        () -> {
          try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host))) {
            for (long number = 1; number <= 5; number++) {
              save(bus, number);
              saved[0] = number; // The caller may rely on it from here on.
            }
          }
        });
  }

  /// Looks at all crashes.
  ///
  /// @return how many there were
  /// @throws AssertionError when a crash has taken a number that was saved, or left another
  long prove() throws IOException {
    long crashes = 0;
    boolean ended = false;
    for (long operations = 1; !ended; operations++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(DIRECTORY);
      long[] saved = new long[1];
      ended = run(disk, operations, saved);
      for (int seed = 0; seed < CRASHES_EACH; seed++) {
        long found = load(disk.crash(seed));
        crashes++;
        if (found < saved[0] || found > saved[0] + 1) {
          throw new AssertionError(
              saved[0] + " was saved and " + found + " is left, after " + operations
                  + " operations, seed " + seed);
        }
      }
    }
    return crashes;
  }

  private static long load(SimDisk disk) throws IOException {
    if (!disk.exists(FILE)) {
      return 0;
    }
    return MemorySegment.ofArray(disk.read(FILE)).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
  }

  public static void main(String[] arguments) throws IOException {
    System.out.println(new SavedNumber(true).prove() + " crashes, and no number was lost");
  }
}
