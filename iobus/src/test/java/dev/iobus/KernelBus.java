package dev.iobus;

import dev.iobus.uring.UringSyscalls;
import java.io.IOException;

/// Busses on the kernels of tests, for tests in other packages.
public final class KernelBus {

  private KernelBus() {}

  public static Bus open(BusOptions options, UringSyscalls kernel) throws IOException {
    return Bus.open(options, () -> kernel);
  }
}
