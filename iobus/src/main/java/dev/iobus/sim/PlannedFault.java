package dev.iobus.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A fault of a plan that is made of a seed: a thing that can be left out, added to [Faults], and
/// read. Immutable.
///
/// @param kind what happens
/// @param errno name of the error, empty but for [Kind#ERROR]
/// @param operations what it may strike
/// @param glob names of files, as for [Fault#inFiles]
/// @param at the first operation of those that it strikes, from 1
/// @param sticky whether all that follow, too
public record PlannedFault(
    Kind kind, String errno, Set<SimOperation> operations, String glob, long at, boolean sticky) {

  /// What can go wrong. Silent is what no operation tells.
  public enum Kind {
    /// The operation fails with an errno.
    ERROR(false),
    /// A transfer moves fewer bytes than asked for.
    SHORT(false),
    /// A read brings one wrong bit.
    FLIPPED_READ(true),
    /// A read brings what was there before.
    STALE_READ(true),
    /// A read is of another place of the same file.
    MISDIRECTED_READ(true),
    /// A read is of another file.
    ASTRAY_READ(true),
    /// A write is acknowledged and does nothing.
    LOST_WRITE(true),
    /// A write puts one wrong bit on the disk.
    CORRUPTED_WRITE(true),
    /// A write goes to another place of the same file.
    MISDIRECTED_WRITE(true),
    /// A write goes to another file.
    ASTRAY_WRITE(true),
    /// Of the network: what is sent comes later, by a second at most.
    DELAY(false);

    private final boolean silent;

    Kind(boolean silent) {
      this.silent = silent;
    }

    /// Whether no operation tells.
    public boolean isSilent() {
      return silent;
    }
  }

  /// Errors of the device, of lacks and of the moment, and the operations that know them.
  private static final List<String> ERRORS =
      List.of("EIO", "ENOSPC", "EDQUOT", "EMFILE", "ENOMEM", "EINTR", "EAGAIN", "ECANCELED");

  private static final Duration DELAY_MAX = Duration.ofSeconds(1);

  private static final Set<SimOperation> GROWING =
      EnumSet.of(
          SimOperation.OPEN, SimOperation.WRITE, SimOperation.SYNC, SimOperation.DATA_SYNC,
          SimOperation.ALLOCATE, SimOperation.RENAME, SimOperation.LINK,
          SimOperation.CREATE_DIRECTORY);

  private static final Set<SimOperation> PASSING =
      EnumSet.of(
          SimOperation.READ, SimOperation.WRITE, SimOperation.SYNC, SimOperation.DATA_SYNC);

  /// Takes a copy of the operations, of which there is at least one.
  public PlannedFault {
    operations = Collections.unmodifiableSet(EnumSet.copyOf(operations));
  }

  /// Draws a swarm's faults: each seed uses a random subset of what can go wrong, so that some see
  /// much of one kind and nothing of the rest.
  ///
  /// @param most how many at most
  /// @param silent whether silent ones, too
  /// @param horizon how many operations of a kind a run may have; early ones are likelier
  /// @param globs names of files that faults may be confined to
  public static List<PlannedFault> draw(
      RandomGenerator random, int most, boolean silent, int horizon, String... globs) {
    List<Kind> kinds = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      boolean ofDisk = kind != Kind.DELAY;
      if (ofDisk && (silent || !kind.silent) && random.nextInt(3) == 0) {
        kinds.add(kind);
      }
    }
    List<String> errors = new ArrayList<>(ERRORS);
    errors.removeIf(name -> random.nextBoolean());
    if (errors.isEmpty()) {
      kinds.remove(Kind.ERROR);
    }
    List<PlannedFault> faults = new ArrayList<>();
    if (!kinds.isEmpty()) {
      for (int i = random.nextInt(most + 1); i > 0; i--) {
        Kind kind = kinds.get(random.nextInt(kinds.size()));
        String errno = kind == Kind.ERROR ? errors.get(random.nextInt(errors.size())) : "";
        faults.add(drawOne(random, kind, errno, horizon, globs));
      }
    }
    return faults;
  }

  private static PlannedFault drawOne(
      RandomGenerator random, Kind kind, String errno, int horizon, String... globs) {
    Set<SimOperation> operations = operations(random, kind, errno);
    String glob = globs.length == 0 ? "*" : globs[random.nextInt(globs.length)];
    long at = 1L + random.nextInt(1 + random.nextInt(horizon));
    // What passes by is tried again for ever, and what is always short comes to no end.
    boolean lasts = kind == Kind.ERROR && !isPassing(errno);
    boolean sticky = lasts && random.nextInt(3) == 0;
    return new PlannedFault(kind, errno, operations, glob, at, sticky);
  }

  /// Draws faults of connections: transfers that are short, delays, and connections that break.
  ///
  /// @param most how many at most
  /// @param resets whether connections break, too
  /// @param horizon how many operations of a kind a run may have; early ones are likelier
  public static List<PlannedFault> drawOfNetwork(
      RandomGenerator random, int most, boolean resets, int horizon) {
    List<PlannedFault> faults = new ArrayList<>();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      Kind kind = List.of(Kind.SHORT, Kind.DELAY, Kind.ERROR).get(random.nextInt(resets ? 3 : 2));
      Set<SimOperation> operations =
          switch (kind) {
            case DELAY -> EnumSet.of(SimOperation.CONNECT, SimOperation.SEND);
            default ->
                EnumSet.of(random.nextBoolean() ? SimOperation.SEND : SimOperation.RECV);
          };
      long at = 1L + random.nextInt(1 + random.nextInt(horizon));
      boolean sticky = kind != Kind.ERROR && random.nextInt(3) == 0;
      String errno = kind == Kind.ERROR ? "ECONNRESET" : "";
      faults.add(new PlannedFault(kind, errno, operations, "*", at, sticky));
    }
    return faults;
  }

  private static boolean isPassing(String errno) {
    return errno.equals("EINTR") || errno.equals("EAGAIN") || errno.equals("ECANCELED");
  }

  private static Set<SimOperation> operations(RandomGenerator random, Kind kind, String errno) {
    return switch (kind) {
      case ERROR -> {
        EnumSet<SimOperation> possible =
            switch (errno) {
              case "EINTR", "EAGAIN", "ECANCELED" -> EnumSet.copyOf(PASSING);
              case "ENOSPC", "EDQUOT" -> EnumSet.copyOf(GROWING);
              case "EMFILE" -> EnumSet.of(SimOperation.OPEN);
              default -> EnumSet.copyOf(SimOperation.ofDisk());
            };
        List<SimOperation> list = List.copyOf(possible);
        yield random.nextInt(6) == 0
            ? possible
            : EnumSet.of(list.get(random.nextInt(list.size())));
      }
      case SHORT -> EnumSet.of(SimOperation.READ, SimOperation.WRITE);
      case DELAY -> throw new AssertionError("no disk delays what is sent");
      case FLIPPED_READ, STALE_READ, MISDIRECTED_READ, ASTRAY_READ ->
          EnumSet.of(SimOperation.READ);
      case LOST_WRITE, CORRUPTED_WRITE, MISDIRECTED_WRITE, ASTRAY_WRITE ->
          EnumSet.of(SimOperation.WRITE);
    };
  }

  /// Makes it happen.
  ///
  /// @return what tells whether it has
  public Fault addTo(Faults faults) {
    Fault fault =
        switch (kind) {
          case ERROR -> faults.error(errno, operations.toArray(SimOperation[]::new));
          case SHORT -> faults.shortTransfer(operations.toArray(SimOperation[]::new));
          case DELAY -> faults.delay(DELAY_MAX);
          case FLIPPED_READ -> faults.flippedBit();
          case STALE_READ -> faults.staleRead();
          case MISDIRECTED_READ -> faults.misdirected(SimOperation.READ);
          case ASTRAY_READ -> faults.astray(SimOperation.READ);
          case LOST_WRITE -> faults.lostWrite();
          case CORRUPTED_WRITE -> faults.corruptedWrite();
          case MISDIRECTED_WRITE -> faults.misdirected(SimOperation.WRITE);
          case ASTRAY_WRITE -> faults.astray(SimOperation.WRITE);
        };
    fault.inFiles(glob).at(at);
    return sticky ? fault.sticky() : fault;
  }

  @Override
  public String toString() {
    String what = kind == Kind.ERROR ? errno : kind.toString();
    List<SimOperation> sorted = new ArrayList<>(EnumSet.copyOf(operations));
    return what + " in " + sorted + " of " + glob + ", number " + at
        + (sticky ? " and all that follow" : "");
  }
}
