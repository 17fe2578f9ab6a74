package dev.iobus;

import org.junit.jupiter.api.BeforeAll;

/// On Linux against the library of the system property `dev.iobus.kqueue.library`.
final class KqueueSharedBusTest extends SharedBusContract {

  @BeforeAll
  static void needsKqueue() {
    KqueueBusTest.needs();
  }

  @Override
  BackendKind kind() {
    return BackendKind.KQUEUE;
  }
}
