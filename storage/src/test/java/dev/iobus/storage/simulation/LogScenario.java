package dev.iobus.storage.simulation;

import static java.util.Objects.requireNonNull;

import dev.iobus.sim.Fault;
import dev.iobus.sim.Faults;
import dev.iobus.sim.PlannedFault;
import dev.iobus.sim.Scenario;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import dev.iobus.storage.wal.Wal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes a log in several lives on one disk, whose file system the seed chooses, and opens it once
/// more at the end, without a fault.
///
/// What must hold: records that were acknowledged are there; what is there was written, in order and
/// without a gap; what a crash has taken never comes back; nothing is left open; and damage is
/// reported if there can be any, and never else. When the device has lied in one place, the last group
/// may be missing, as damage to it cannot be told from a torn one; with two, the last but one. Who reads
/// or writes elsewhere, or reads what was there before, may hide or damage many groups at once.
///
/// Thread-safe.
public final class LogScenario implements Scenario<LogPart> {

  /// Far more than any run needs.
  private static final long SWITCH_POINTS_MAX = 2_000_000;

  private final LogLife.Wait wait;

  /// A scenario.
  public LogScenario() {
    this(Wal::await);
  }

  /// @param wait how a writer waits for its record
  LogScenario(LogLife.Wait wait) {
    this.wait = wait;
  }

  @Override
  public List<LogPart> plan(long seed) {
    return LogPlans.make(seed);
  }

  @Override
  public void run(long seed, List<LogPart> parts, SimTally tally) {
    SimDisk disk = new SimDisk();
    disk.createDirectories(requireNonNull(LogLife.DIRECTORY.getParent()));
    LogPlans.chooseFileSystem(seed, disk);
    LogModel model = new LogModel();
    LogModel.End end = LogModel.End.CLOSED;
    int lives = 0;
    List<Lie> told = new ArrayList<>();
    for (LogPart part : parts) {
      lives = Math.max(lives, part.life() + 1);
    }
    for (int number = 0; number <= lives; number++) {
      int life = number;
      List<LogPart> own = parts.stream().filter(part -> part.life() == life).toList();
      Faults faults = new Faults();
      LogPart.Ends planned = addFaults(own, faults, told);
      SimScheduler host = new SimScheduler(seed * 7 + life, disk, faults);
      host.limitSwitchPoints(SWITCH_POINTS_MAX);
      LogLife log = new LogLife(seed, host, model, wait, faults.count() > 0, () -> lies(told));
      LogModel.End before = end;
      boolean ended = host.run(() -> log.live(own, before));
      tally.add(host);
      if (log.isDamaged()) {
        return; // It was reported, as it has to be.
      }
      LogModel.End now = LogModel.End.CLOSED;
      if (!ended) {
        tally.addCrash();
        boolean power = planned != null && planned.power();
        disk = power ? disk.crash(seed + life) : disk.kill(seed + life);
        now = power ? LogModel.End.POWER_LOST : LogModel.End.KILLED;
      } else if (!log.isWell()) {
        now = LogModel.End.KILLED;
      }
      if (now == LogModel.End.KILLED && faults.struck() > 0) {
        now = LogModel.End.POWER_LOST; // What the kernel had, a failed sync may have lost.
      }
      end = worse(log, before, now);
    }
  }

  /// A life in which nothing was checked promises no more than the one before.
  private static LogModel.End worse(LogLife log, LogModel.End before, LogModel.End end) {
    return !log.wasOpened() && before.compareTo(end) > 0 ? before : end;
  }

  private record Lie(PlannedFault.Kind kind, Fault fault) {}

  /// What the device has done by now and said nothing of.
  private static LogModel.Lies lies(List<Lie> told) {
    int places = 0;
    for (Lie lie : told) {
      if (lie.fault.struck() > 0) {
        boolean isOne =
            switch (lie.kind) {
              case FLIPPED_READ, LOST_WRITE, CORRUPTED_WRITE -> true;
              default -> false;
            };
        if (!isOne) {
          return LogModel.Lies.MANY;
        }
        places++;
      }
    }
    return switch (places) {
      case 0 -> LogModel.Lies.NONE;
      case 1 -> LogModel.Lies.ONE;
      case 2 -> LogModel.Lies.TWO;
      default -> LogModel.Lies.MANY;
    };
  }

  private static LogPart.@Nullable Ends addFaults(
      List<LogPart> parts, Faults faults, List<Lie> told) {
    LogPart.Ends planned = null;
    for (LogPart part : parts) {
      if (part instanceof LogPart.Fails fails) {
        Fault fault = fails.fault().addTo(faults);
        if (fails.fault().kind().isSilent()) {
          told.add(new Lie(fails.fault().kind(), fault));
        }
      } else if (part instanceof LogPart.Ends ends) {
        faults.losePowerAfter(ends.operations());
        planned = ends;
      }
    }
    return planned;
  }
}
