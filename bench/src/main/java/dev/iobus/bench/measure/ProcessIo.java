package dev.iobus.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the kernel has counted for this process (proc_pid_io(5)).
public final class ProcessIo {

  private static final Path COUNTERS = Path.of("/proc/self/io");
  private static final String WRITTEN = "write_bytes: ";

  private ProcessIo() {}

  /// Bytes that this process caused to be sent to the storage layer since it began: direct writes
  /// when they are made, buffered ones when they dirty a page. NaN where the kernel does not say.
  public static double bytesWritten() {
    if (!Files.isReadable(COUNTERS)) {
      return Double.NaN;
    }
    try {
      for (String line : Files.readAllLines(COUNTERS)) {
        if (line.startsWith(WRITTEN)) {
          return Long.parseLong(line.substring(WRITTEN.length()).strip());
        }
      }
      return Double.NaN;
    } catch (IOException e) {
      return Double.NaN;
    }
  }
}
