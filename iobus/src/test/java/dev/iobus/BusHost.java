package dev.iobus;

import java.io.IOException;
import java.nio.file.Path;

/// Where the busses of a contract are opened, and what is there.
interface BusHost {

  long SECOND = 1_000_000_000L;

  BackendKind kind();

  default Bus open(int capacity) throws IOException {
    return Bus.open(BusOptions.defaults().withBackend(kind()).withCapacity(capacity));
  }

  /// For the files of one test.
  Path directory();

  default HostFiles host() {
    return HostFiles.REAL;
  }

  /// The clock that timeouts are kept on.
  default long nanoTime() {
    return System.nanoTime();
  }

  default OpenFile openNew(Bus bus, String name) throws IOException {
    return BusSteps.opened(bus, bus.create(directory().resolve(name), OpenFlag.READ));
  }
}
