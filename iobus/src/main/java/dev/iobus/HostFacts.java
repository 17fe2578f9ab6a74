package dev.iobus;

import java.nio.file.Path;

/// What a host says of itself beside its files: which process this is, whether another one has
/// ended, what lies under a directory.
///
/// A simulated host has facts of its own, so that the same seed gives the same run on every machine.
///
/// Thread-safe.
public interface HostFacts {

  /// The facts of the machine that this JVM runs on.
  static HostFacts system() {
    return SystemHostFacts.INSTANCE;
  }

  /// This process.
  HostProcess process();

  /// Whether a process is known to have ended. One of another host is never known to.
  boolean hasEnded(HostProcess process);

  /// What is known of the file system under a directory.
  ///
  /// @param directory may be absent; then nothing is known
  FileSystemFacts fileSystem(Path directory);

  /// The bytes of memory that the processes of this user may lock, what rings register among them;
  /// [Long#MAX_VALUE] where no limit counts for this process, or none is known.
  default long lockedBytesMax() {
    return Long.MAX_VALUE;
  }
}
