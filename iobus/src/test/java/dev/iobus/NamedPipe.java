package dev.iobus;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/// Pipes that have a name, mkfifo(1). Stateless, so thread-safe.
public final class NamedPipe {

  private NamedPipe() {}

  /// Makes one; the test is skipped on a host without them.
  ///
  /// @return the path
  public static Path make(Path path) throws IOException, InterruptedException {
    Process mkfifo = new ProcessBuilder("mkfifo", path.toString()).start();
    Assumptions.assumeTrue(mkfifo.waitFor() == 0, "no mkfifo on this host");
    return path;
  }
}
