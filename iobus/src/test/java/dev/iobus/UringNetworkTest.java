package dev.iobus;

import org.junit.jupiter.api.BeforeAll;

final class UringNetworkTest extends RingNetworkContract {

  @BeforeAll
  static void needsIoUring() {
    UringBusTest.needsIoUring();
  }

  @Override
  public BackendKind kind() {
    return BackendKind.IO_URING;
  }
}
