package dev.iobus.storage.wal;

import dev.iobus.BusException;
import dev.iobus.BusFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What planted faults call in the place of the right thing. Stateless.
public final class LogFaults {

  private LogFaults() {}

  /// Takes every frame for whole: its checksum is always the one it carries.
  static int carriedChecksum(MemorySegment window, long at, long bytes) {
    return window.get(WalFormat.INT, at + WalFormat.CRC);
  }

  /// Syncs once more when that fails.
  public static void syncTwice(SharedBus bus, BusFile file) throws IOException {
    try {
      bus.dataSync(file);
    } catch (BusException e) {
      bus.dataSync(file);
    }
  }

  /// Takes a write and its sync for done when the write is.
  public static void writeAndForgetSync(
      SharedBus bus, BusFile file, MemorySegment from, long offset) throws IOException {
    try {
      bus.writeAndDataSync(file, from, offset);
    } catch (BusException e) {
      if (!e.operation().equals("fdatasync")) {
        throw e;
      }
    }
  }

  /// Opens a file through the kernel's cache, whatever was asked for.
  public static DataFile openBuffered(
      DataDirectory directory, String name, boolean direct, OpenFlag access) throws IOException {
    return directory.open(name, false, access);
  }

  /// Leaves memory as it is.
  static MemorySegment unfilled(MemorySegment memory, byte value) {
    return memory;
  }
}
