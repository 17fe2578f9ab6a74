package dev.iobus.sim;

import dev.iobus.backend.PollBits;
import java.nio.file.Path;

/// A ring as a file: readable while its bus has something to dispatch, for the poll of another bus.
///
/// Confined to the holder of the baton.
final class SimBusFile extends SimDescription {

  private final SimCompletions completions;

  SimBusFile(SimCompletions completions) {
    this.completions = completions;
  }

  @Override
  Path path() {
    return Path.of("bus");
  }

  @Override
  int readiness() {
    return completions.isReadable() ? PollBits.READABLE : 0;
  }

  @Override
  void end() {}
}
