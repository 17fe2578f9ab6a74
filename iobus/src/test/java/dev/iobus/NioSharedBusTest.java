package dev.iobus;

final class NioSharedBusTest extends SharedBusContract {

  @Override
  BackendKind kind() {
    return BackendKind.NIO;
  }
}
