package dev.iobus;

import java.io.IOException;

final class NioFileSlotsTest extends FileSlotsContract {

  @Override
  Bus open(BusOptions options) throws IOException {
    return Bus.open(options.withBackend(BackendKind.NIO));
  }
}
