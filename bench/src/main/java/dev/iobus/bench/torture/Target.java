package dev.iobus.bench.torture;

import dev.iobus.kv.simulation.StoreScenario;
import dev.iobus.sim.Scenario;
import dev.iobus.simulation.SocketScenario;
import dev.iobus.storage.simulation.LogScenario;

/// What is tortured.
enum Target {
  LOG("log"),
  STORE("store"),
  SOCKETS("sockets");

  private final String label;

  Target(String label) {
    this.label = label;
  }

  /// As on the command line.
  String label() {
    return label;
  }

  /// What happens to it, new at each call.
  Scenario<?> scenario() {
    return switch (this) {
      case LOG -> new LogScenario();
      case STORE -> new StoreScenario();
      case SOCKETS -> new SocketScenario();
    };
  }
}
