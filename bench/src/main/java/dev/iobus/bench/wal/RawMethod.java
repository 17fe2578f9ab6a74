package dev.iobus.bench.wal;

import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/// The ways in which one block can be brought to a file without a log.
public enum RawMethod {
  /// One write past the page cache that is on stable storage when it returns.
  DSYNC_DIRECT("raw dsync direct", true, true, false),
  /// The same through the page cache.
  DSYNC_BUFFERED("raw dsync buffered", false, true, false),
  /// A write past the page cache, then fdatasync.
  FDATASYNC_DIRECT("raw fdatasync direct", true, false, true),
  /// A write to the page cache, then fdatasync.
  FDATASYNC("raw fdatasync", false, false, true),
  /// A write to the page cache and nothing else.
  PWRITE("raw pwrite", false, false, false);

  /// Those that are compared with appends that must survive a power loss.
  static final Set<RawMethod> DURABLE = EnumSet.of(DSYNC_DIRECT, FDATASYNC, FDATASYNC_DIRECT);

  private final String subject;
  private final boolean direct;
  private final boolean dsync;
  private final boolean syncs;

  RawMethod(String subject, boolean direct, boolean dsync, boolean syncs) {
    this.subject = subject;
    this.direct = direct;
    this.dsync = dsync;
    this.syncs = syncs;
  }

  /// The name in results.
  public String subject() {
    return subject;
  }

  /// Whether the writes themselves are durable.
  boolean isDsync() {
    return dsync;
  }

  /// Whether each write is followed by a sync.
  boolean syncs() {
    return syncs;
  }

  /// Whether a block is on stable storage when it was written in this way.
  public boolean isDurable() {
    return dsync || syncs;
  }

  /// How the file is opened.
  ///
  /// @throws UnsupportedOperationException when the JDK knows no direct writes
  Set<OpenOption> openOptions() {
    Set<OpenOption> options = new HashSet<>();
    options.add(StandardOpenOption.WRITE);
    if (dsync) {
      options.add(StandardOpenOption.DSYNC);
    }
    if (direct) {
      options.add(directOption());
    }
    return options;
  }

  /// Found by its name: the compiler warns of each mention of the type, and nothing quietens that.
  private static OpenOption directOption() {
    try {
      for (Object option :
          Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
        if (option instanceof OpenOption found && option.toString().equals("DIRECT")) {
          return found;
        }
      }
    } catch (ClassNotFoundException absent) {
      // An image without jdk.unsupported.
    }
    throw new UnsupportedOperationException("this JDK knows no direct writes");
  }
}
