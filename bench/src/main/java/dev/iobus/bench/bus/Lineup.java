package dev.iobus.bench.bus;

import dev.iobus.bench.result.Aim;
import java.util.List;

/// Who does one workload in alternation. Immutable.
///
/// @param workload its name
/// @param entrants the first one is compared with the others
/// @param aims what the first one is meant to reach
record Lineup(String workload, List<Entrant> entrants, List<Aim> aims) {

  Lineup {
    entrants = List.copyOf(entrants);
    aims = List.copyOf(aims);
  }
}
