package dev.iobus;

import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What every bus promises, whatever it stands on: all contracts of [BusHost], but for those of
/// sockets and readiness in [NetworkContract].
@Timeout(60)
abstract class BusContract
    implements FileContract,
        HandleContract,
        DispatchContract,
        RearmContract,
        RearmRaceContract,
        VisitorContract,
        RunContract,
        CloseContract,
        WaitContract,
        RegistrationContract {

  @TempDir Path directory;

  @Override
  public Path directory() {
    return directory;
  }
}
