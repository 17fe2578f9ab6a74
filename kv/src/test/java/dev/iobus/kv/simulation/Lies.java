package dev.iobus.kv.simulation;

import dev.iobus.sim.Fault;
import dev.iobus.sim.PlannedFault;
import java.util.ArrayList;
import java.util.List;

/// What a device has said that was not so, and what a store may have lost by it without a word.
///
/// - What a table or a manifest holds is there, or its loss is told: each of their bytes is under a
///   checksum that knows its place, the manifest knows each table, and what the manifest does not know
///   any more is in the log.
/// - Of a log one damaged place cannot be told from a write that was torn if nothing was written behind
///   it: the last group may be missing, and with two places the last but one.
/// - Who reads another place of a log, or reads it as it was before, may see the end of it anywhere. A
///   write that goes elsewhere damages two places, of which one may hold many groups.
///
/// Confined to the simulations that run, one after the other.
final class Lies {

  private record Planned(PlannedFault plan, Fault fault) {}

  private final List<Planned> planned = new ArrayList<>();

  /// Adds what is planned; nothing when it is no lie.
  ///
  /// @param fault counts how often it was told
  void plan(PlannedFault plan, Fault fault) {
    if (plan.kind().isSilent()) {
      planned.add(new Planned(plan, fault));
    }
  }

  /// Whether any was told by now.
  boolean wereTold() {
    return planned.stream().anyMatch(lie -> lie.fault.struck() > 0);
  }

  /// What must be there by now at least.
  History.Kept kept() {
    int places = 0;
    for (Planned lie : planned) {
      if (lie.fault.struck() > 0 && mayReachTheLog(lie.plan)) {
        if (!isOfOnePlace(lie.plan.kind())) {
          return History.Kept.ANY;
        }
        places++;
      }
    }
    return switch (places) {
      case 0 -> History.Kept.ALL;
      case 1 -> History.Kept.VOUCHED;
      case 2 -> History.Kept.VOUCHED_TWICE;
      default -> History.Kept.ANY;
    };
  }

  private static boolean mayReachTheLog(PlannedFault plan) {
    boolean elsewhere = plan.glob().startsWith("table-") || plan.glob().startsWith("manifest-");
    return !elsewhere || plan.kind() == PlannedFault.Kind.ASTRAY_WRITE;
  }

  private static boolean isOfOnePlace(PlannedFault.Kind kind) {
    return switch (kind) {
      case FLIPPED_READ, LOST_WRITE, CORRUPTED_WRITE -> true;
      default -> false;
    };
  }
}
