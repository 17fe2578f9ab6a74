package dev.iobus.kv.simulation;

import dev.iobus.sim.Faults;
import dev.iobus.sim.PlannedFault;
import dev.iobus.sim.Scenario;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.sim.SimTally;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Uses a store in several lives on one disk, each with faults and an end of its own, and opens it
/// once more at the end, without a fault. Each seed switches some of what may happen off.
///
/// What must hold says [History]. When the device has lied, damage may be reported, and ends the run;
/// [Lies] says what may be missing else.
///
/// Thread-safe.
public final class StoreScenario implements Scenario<StorePart> {

  /// Far more than any run needs.
  private static final long SWITCH_POINTS_MAX = 5_000_000;

  /// A scenario.
  public StoreScenario() {}

  @Override
  public List<StorePart> plan(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean fails = random.nextInt(3) > 0;
    boolean silent = random.nextInt(4) == 0;
    List<StorePart> plan = new ArrayList<>();
    if (random.nextInt(3) == 0) {
      plan.add(new StorePart.Clients(0, Entries.CLIENTS));
    }
    int lives = 1 + random.nextInt(3);
    for (int life = 0; life < lives; life++) {
      if (fails) {
        for (PlannedFault fault :
            PlannedFault.draw(random, 4, silent, 80, "*", "*", "wal-*", "manifest-*", "table-*")) {
          plan.add(new StorePart.Fails(life, fault));
        }
      }
      int steps = 1 + random.nextInt(random.nextInt(4) == 0 ? 30 : 10);
      for (Step step : WorkloadGenerator.make(random.nextLong(), steps).steps()) {
        plan.add(new StorePart.Does(life, step));
      }
      if (random.nextInt(4) > 0) {
        long operations = 1L + random.nextInt(20 + random.nextInt(40 + 30 * steps));
        plan.add(new StorePart.Ends(life, random.nextInt(3) > 0, operations));
      }
    }
    return List.copyOf(plan);
  }

  @Override
  public void run(long seed, List<StorePart> parts, SimTally tally) {
    SimDisk disk = StoreRun.newDisk();
    int lives = 0;
    int clients = 1;
    for (StorePart part : parts) {
      lives = Math.max(lives, part.life() + 1);
      clients = part instanceof StorePart.Clients several ? several.count() : clients;
    }
    History history = new History(clients);
    Lies lies = new Lies();
    History.Kept kept = History.Kept.ALL;
    for (int number = 0; number <= lives; number++) {
      int life = number;
      Faults faults = new Faults();
      List<Step> steps = new ArrayList<>();
      StorePart.Ends planned = sort(parts, life, steps, faults, lies);
      SimScheduler host = new SimScheduler(seed * 7 + life, disk, faults);
      host.limitSwitchPoints(SWITCH_POINTS_MAX);
      StoreRun run = new StoreRun(host, history, faults.count() > 0, lies);
      if (faults.count() == 0 && !lies.wereTold()) {
        run.lookAtFiles();
      }
      History.Kept before = kept;
      boolean[] opened = new boolean[1];
      boolean[] closed = new boolean[1];
      boolean ended =
          host.run(
              () -> {
                opened[0] = run.open(before);
                closed[0] = opened[0] && run.run(steps);
              });
      tally.add(host);
      if (run.isDamaged()) {
        return; // It was reported, as it has to be.
      }
      History.Kept now = ended && closed[0] ? History.Kept.ALL : History.Kept.DURABLE;
      if (!ended) {
        tally.addCrash();
        boolean power = planned != null && planned.power();
        disk = power ? disk.crash(seed + life) : disk.kill(seed + life);
        if (!power && faults.struck() == 0) {
          now = History.Kept.WRITTEN; // What the kernel had, a failed sync may have lost.
        }
      }
      // A life in which nothing was checked promises no more than the one before.
      kept = opened[0] ? now : kept.or(now);
    }
  }

  private static StorePart.@Nullable Ends sort(
      List<StorePart> parts, int life, List<Step> steps, Faults faults, Lies lies) {
    StorePart.Ends planned = null;
    for (StorePart part : parts) {
      if (part.life() == life) {
        switch (part) {
          case StorePart.Clients _ -> {}
          case StorePart.Does does -> steps.add(does.step());
          case StorePart.Fails fails -> {
            lies.plan(fails.fault(), fails.fault().addTo(faults));
          }
          case StorePart.Ends ends -> {
            faults.losePowerAfter(ends.operations());
            planned = ends;
          }
        }
      }
    }
    return planned;
  }
}
