package dev.iobus.sim;

import dev.iobus.posix.Errno;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// What goes wrong on a simulated host: scripts that strike the nth operation of a kind, odds, rings
/// that break, and the moment at which power is lost.
///
/// ```java
/// Faults faults = new Faults();
/// faults.error("EIO", SimOperation.DATA_SYNC).inFiles("wal-*").at(3); // once
/// faults.error("EINTR", SimOperation.READ).withOdds(0.1);
/// faults.flippedBit().at(20).sticky();
/// faults.losePowerAfter(1000);
/// ```
///
/// Errors that refuse an operation before it has begun change nothing: EINTR, EAGAIN, EMFILE, ENFILE,
/// ENOMEM, ENOBUFS, ECANCELED, EOPNOTSUPP, ENOSYS, EINVAL, EPERM, EACCES, EBADF, EBUSY, EROFS. With any
/// other error nobody knows: a sync has lost a part of what it had to write, which the next sync does
/// not write either; a write may have been done in part, a change of names or of a length not at all
/// or in full; a close has closed, whatever it says; the connection of a send or receive is broken.
/// Of several faults that strike at once the first that was made counts.
///
/// Confined to one thread at a time, as its simulation is.
public final class Faults {

  private static final Set<SimOperation> TRANSFERS =
      EnumSet.of(SimOperation.READ, SimOperation.WRITE);

  private static final SimOperation[] SHORTENED = {
    SimOperation.READ, SimOperation.WRITE, SimOperation.SEND, SimOperation.RECV
  };

  private final List<Fault> faults = new ArrayList<>();
  private long powerLoss = Long.MAX_VALUE;
  private int descriptors = 1024;
  private long brokenFrom = Long.MAX_VALUE;
  private long waits;

  /// Nothing goes wrong.
  public Faults() {}

  /// An operation ends with an error.
  ///
  /// @param errno a name such as `EIO` or `ENOSPC`
  /// @param operations which kinds; none: all
  public Fault error(String errno, SimOperation... operations) {
    return add(new Fault(Fault.Kind.ERROR, Errno.number(errno), setOf(operations)));
  }

  /// A transfer of more than one byte moves fewer than it was asked to, and at least one; on a direct
  /// file whole sectors. A send or receive in a chain goes on until it is whole, as it always does.
  ///
  /// @param operations some of READ, WRITE, SEND and RECV; none: all four
  public Fault shortTransfer(SimOperation... operations) {
    Set<SimOperation> set = EnumSet.noneOf(SimOperation.class);
    set.addAll(List.of(operations.length == 0 ? SHORTENED : operations));
    if (!List.of(SHORTENED).containsAll(set)) {
      throw new IllegalArgumentException(set + " are not all READ, WRITE, SEND or RECV");
    }
    return add(new Fault(Fault.Kind.SHORT, 0, set));
  }

  /// What is sent reaches the other end later than usual: bytes of a stream, and all behind them; a
  /// datagram, which others may overtake; a connection.
  ///
  /// @param most by how much at most, above 0; chosen by the seed each time
  public Fault delay(Duration most) {
    if (!most.isPositive()) {
      throw new IllegalArgumentException("a delay of " + most + " is none");
    }
    Set<SimOperation> sent =
        EnumSet.of(SimOperation.CONNECT, SimOperation.SEND, SimOperation.SEND_DATAGRAM);
    return add(new Fault(Fault.Kind.DELAYED, 0, sent).delaying(most.toNanos()));
  }

  /// A connection breaks while it is sent or received over: the operation fails with ECONNRESET, what
  /// is under way in either direction is lost, and the other end hears of it a little later.
  public Fault reset() {
    return error("ECONNRESET", SimOperation.SEND, SimOperation.RECV);
  }

  /// A datagram is sent and never arrives.
  public Fault lostDatagram() {
    return add(new Fault(Fault.Kind.LOST, 0, EnumSet.of(SimOperation.SEND_DATAGRAM)));
  }

  /// A write is acknowledged and does nothing, on the device: until [SimDisk#dropCaches()] and in
  /// reads through the page cache it shows.
  public Fault lostWrite() {
    return add(new Fault(Fault.Kind.LOST, 0, EnumSet.of(SimOperation.WRITE)));
  }

  /// A transfer goes to a place of the same file that is some blocks of 4 KiB away.
  ///
  /// @param operation READ or WRITE
  public Fault misdirected(SimOperation operation) {
    return add(new Fault(Fault.Kind.MISDIRECTED, 0, transfer(operation)));
  }

  /// A transfer goes to the same place of another file, or of none when there is no other: a read
  /// brings that file's bytes, a write damages it and is missing where it belongs.
  ///
  /// @param operation READ or WRITE
  public Fault astray(SimOperation operation) {
    return add(new Fault(Fault.Kind.ASTRAY, 0, transfer(operation)));
  }

  /// A read brings what its sectors held before: what was durable before later writes, or before the
  /// last time at which they became durable.
  public Fault staleRead() {
    return add(new Fault(Fault.Kind.STALE, 0, EnumSet.of(SimOperation.READ)));
  }

  /// A read brings one wrong bit. For damage at rest see [SimDisk#flipBit].
  public Fault flippedBit() {
    return add(new Fault(Fault.Kind.FLIPPED, 0, EnumSet.of(SimOperation.READ)));
  }

  /// A write stores one wrong bit, for good.
  public Fault corruptedWrite() {
    return add(new Fault(Fault.Kind.FLIPPED, 0, EnumSet.of(SimOperation.WRITE)));
  }

  /// The end of an operation of a ring is told twice, the second time a little later: a kernel that no
  /// program can work with. A bus has to say so, loudly, in place of ending another operation.
  ///
  /// @param operations which kinds; none: all
  public Fault toldTwice(SimOperation... operations) {
    return add(new Fault(Fault.Kind.TOLD_TWICE, 0, setOf(operations)));
  }

  private static Set<SimOperation> setOf(SimOperation... operations) {
    return operations.length == 0
        ? EnumSet.allOf(SimOperation.class)
        : EnumSet.copyOf(List.of(operations));
  }

  private static Set<SimOperation> transfer(SimOperation operation) {
    if (!TRANSFERS.contains(operation)) {
      throw new IllegalArgumentException(operation + " is neither READ nor WRITE");
    }
    return EnumSet.of(operation);
  }

  /// How many there are, whether or not they strike; a loss of power is none.
  public int count() {
    return faults.size();
  }

  /// How often any of them has struck.
  public long struck() {
    long struck = 0;
    for (Fault fault : faults) {
      struck += fault.struck();
    }
    return struck;
  }

  private Fault add(Fault fault) {
    faults.add(fault);
    return fault;
  }

  /// Loses power when so many operations have been done, before the last of them is known to
  /// anybody: [SimScheduler#run] then ends, and [SimDisk#crash] says what is left.
  ///
  /// @param operations counted from the first of the simulation, at least 1
  public Faults losePowerAfter(long operations) {
    if (operations < 1) {
      throw new IllegalArgumentException("operations are counted from 1, not " + operations);
    }
    powerLoss = operations;
    return this;
  }

  /// Lets the process have so many files open, 1,024 by default; the next open fails with EMFILE.
  public Faults limitDescriptors(int count) {
    if (count < 0) {
      throw new IllegalArgumentException(count + " descriptors are negative");
    }
    descriptors = count;
    return this;
  }

  /// Breaks the rings themselves: a wait for results fails with EIO, and so do all that follow it. What
  /// a ring was given before goes on, and nobody hears of its end.
  ///
  /// @param wait counted from the first of the simulation, of all rings, at least 1
  public Faults breakRingsAt(long wait) {
    if (wait < 1) {
      throw new IllegalArgumentException("waits are counted from 1, not " + wait);
    }
    brokenFrom = wait;
    return this;
  }

  /// Whether any ring has broken.
  public boolean haveBrokenRings() {
    return waits >= brokenFrom;
  }

  /// Counts a wait; returns whether its ring is broken.
  boolean breaksRing() {
    waits++;
    return haveBrokenRings();
  }

  /// What strikes an operation, or null. Those that were made after it do not count the operation.
  @Nullable Fault strike(SimOperation operation, Path file, RandomGenerator random) {
    Fault striking = null;
    for (Fault fault : faults) {
      if (striking == null && fault.strikes(operation, file, random)) {
        striking = fault;
      }
    }
    return striking;
  }

  boolean losesPowerAt(long operations) {
    return operations >= powerLoss;
  }

  int descriptors() {
    return descriptors;
  }

  /// Whether an operation that fails with this number has not begun.
  static boolean isRefusal(int errno) {
    return switch (errno) {
      case Errno.EINTR, Errno.EAGAIN, Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.ENOBUFS -> true;
      case Errno.ECANCELED, Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.EINVAL, Errno.EBUSY -> true;
      case Errno.EPERM, Errno.EACCES, Errno.EBADF, Errno.EROFS -> true;
      default -> false;
    };
  }
}
