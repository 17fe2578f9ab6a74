package dev.iobus.storage.file;

import java.io.IOException;

/// The directory is open elsewhere: in this JVM, in another process, or by the last requests of a
/// process that was killed. Nothing in it was touched.
public final class DirectoryLockedException extends IOException {

  private static final long serialVersionUID = 1L;

  /// Its real path.
  private final String directory;

  /// −1 when it is not recorded.
  private final long holderPid;

  /// A refusal; the message tells all three.
  ///
  /// @param directory the directory's real path
  /// @param holderPid process id of the holder; −1 when it is not recorded
  /// @param detail who holds it and what to do
  DirectoryLockedException(String directory, long holderPid, String detail) {
    super(directory + " " + detail);
    this.directory = directory;
    this.holderPid = holderPid;
  }

  /// The directory's real path.
  public String directory() {
    return directory;
  }

  /// Process id of the holder as its lock file says, on the holder's host; −1 when unknown.
  public long holderPid() {
    return holderPid;
  }
}
