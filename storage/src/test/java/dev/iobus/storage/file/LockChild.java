package dev.iobus.storage.file;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import java.nio.file.Path;

/// A process that opens a directory, says so, and keeps it until its input ends or it is killed.
/// Prints `open`, or `locked` and the message when the directory was locked.
final class LockChild {

  private LockChild() {}

  public static void main(String[] arguments) throws Exception {
    BusOptions options = BusOptions.defaults().withBackend(BackendKind.valueOf(arguments[0]));
    try (SharedBus bus = SharedBus.open(options);
        DataDirectory directory = DataDirectory.open(bus, Path.of(arguments[1]))) {
      System.out.println("open " + directory.path());
      while (System.in.read() >= 0) {
        // Until the parent closes the pipe.
      }
    } catch (DirectoryLockedException e) {
      System.out.println("locked " + e.getMessage());
    }
  }
}
