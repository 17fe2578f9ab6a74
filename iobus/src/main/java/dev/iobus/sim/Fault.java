package dev.iobus.sim;

import dev.iobus.posix.Errno;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.EnumSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One thing that goes wrong, and when. Made by the methods of [Faults]; counts what it has
/// matched.
///
/// Unless told otherwise it strikes the first operation of its kind, once, in any file.
///
/// Confined to one thread at a time, as its simulation is.
public final class Fault {

  /// What happens to the operation.
  enum Kind {
    /// It ends with an error. What a sync had to write may be lost for good.
    ERROR,
    /// A transfer ends early.
    SHORT,
    /// A write is said to be done and is not.
    LOST,
    /// A transfer goes to another place of the same file.
    MISDIRECTED,
    /// A transfer goes to the same place of another file.
    ASTRAY,
    /// A read brings what was there before.
    STALE,
    /// A transfer turns one bit over.
    FLIPPED,
    /// An operation is told to have ended twice.
    TOLD_TWICE,
    /// What is sent is under way for longer.
    DELAYED
  }

  private final Kind kind;
  private final int errno;
  private final EnumSet<SimOperation> operations;

  private String glob = "";
  private PathMatcher names = path -> true;
  private long first = 1;
  private long times = 1;
  private double odds = 1;

  /// How much longer at most, if something is delayed.
  private long delayNanosMax;

  private long matched;
  private long struck;

  Fault(Kind kind, int errno, Set<SimOperation> operations) {
    this.kind = kind;
    this.errno = errno;
    this.operations = EnumSet.copyOf(operations);
  }

  /// Only in files whose name matches, such as `wal-*`. A connection has the name of the socket
  /// that listened, `port-4000` or the last part of its path, at both ends; a socket for datagrams
  /// its own.
  ///
  /// @param glob for the last part of the path; as in
  ///     [java.nio.file.FileSystem#getPathMatcher(String)]
  public Fault inFiles(String glob) {
    this.glob = glob;
    names = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    return this;
  }

  /// At the nth operation that it matches, counted from 1.
  public Fault at(long nth) {
    if (nth < 1) {
      throw new IllegalArgumentException("operations are counted from 1, not " + nth);
    }
    first = nth;
    return this;
  }

  /// From there on each time, and not once.
  public Fault sticky() {
    times = Long.MAX_VALUE;
    return this;
  }

  /// Each time with that probability.
  ///
  /// @param probability 0 to 1
  public Fault withOdds(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("probability " + probability + " is not in 0 to 1");
    }
    odds = probability;
    return sticky();
  }

  /// How often it has struck.
  public long struck() {
    return struck;
  }

  Fault delaying(long nanosMax) {
    delayNanosMax = nanosMax;
    return this;
  }

  /// How much longer than usual something is under way: 0 without a fault that delays it.
  static long delayNanos(@Nullable Fault fault, RandomGenerator random) {
    return fault != null && fault.kind == Kind.DELAYED
        ? 1 + random.nextLong(fault.delayNanosMax)
        : 0;
  }

  Kind kind() {
    return kind;
  }

  /// A positive error number.
  int errno() {
    return errno;
  }

  boolean strikes(SimOperation operation, Path file, RandomGenerator random) {
    Path name = file.getFileName();
    if (!operations.contains(operation) || name == null || !names.matches(name)) {
      return false;
    }
    matched++;
    boolean due = matched >= first && struck < times;
    if (!due || (odds < 1 && random.nextDouble() >= odds)) {
      return false;
    }
    struck++;
    return true;
  }

  /// In words, such as `EIO in DATA_SYNC number 3 of wal-*`.
  @Override
  public String toString() {
    String what = kind == Kind.ERROR ? Errno.name(errno) : kind.name();
    String where = glob.isEmpty() ? "" : " of " + glob;
    String which = odds < 1 ? " with odds " + odds : " number " + first;
    String more = odds == 1 && times > 1 ? " and all that follow" : "";
    return what + " in " + operations + which + where + more;
  }
}
