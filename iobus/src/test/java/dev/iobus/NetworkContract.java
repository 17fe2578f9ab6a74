package dev.iobus;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every bus promises of sockets, readiness and time, whatever it stands on: all contracts of
/// [OneBus].
@Timeout(60)
abstract class NetworkContract
    implements SocketContract,
        ResetContract,
        ZeroCopyContract,
        PoolContract,
        PollContract,
        TimeoutContract,
        OrderContract,
        EchoContract {

  @TempDir Path directory;
  Bus bus;
  Arena arena;

  @BeforeEach
  void openBus() throws IOException {
    bus = open(64);
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeBus() {
    bus.close();
    arena.close();
  }

  @Override
  public void reopen(int capacity) throws IOException {
    bus.close();
    bus = open(capacity);
  }

  @Override
  public Bus bus() {
    return bus;
  }

  @Override
  public Arena arena() {
    return arena;
  }

  @Override
  public Path directory() {
    return directory;
  }
}
