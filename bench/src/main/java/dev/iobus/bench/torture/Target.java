package dev.iobus.bench.torture;

import dev.iobus.kv.simulation.StoreScenario;
import dev.iobus.sim.Scenario;
import dev.iobus.storage.simulation.LogScenario;

/// What is tortured.
enum Target {
  LOG("log", new LogScenario()),
  STORE("store", new StoreScenario());

  private final String label;
  private final Scenario<?> scenario;

  Target(String label, Scenario<?> scenario) {
    this.label = label;
    this.scenario = scenario;
  }

  /// As on the command line.
  String label() {
    return label;
  }

  Scenario<?> scenario() {
    return scenario;
  }
}
