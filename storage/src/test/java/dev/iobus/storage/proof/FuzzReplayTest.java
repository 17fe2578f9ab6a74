package dev.iobus.storage.proof;

import dev.iobus.proof.FuzzReplay;
import dev.iobus.proof.JazzerRun;
import dev.iobus.storage.wal.LogFuzz;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What fuzzing has found worth keeping, and some changed inputs, on every decoder of this module.
@Timeout(120)
final class FuzzReplayTest {

  @Test
  void logAndFramesAreReadOrRefused() throws Exception {
    FuzzReplay.run(LogFuzz.class, 150);
  }

  @Tag("fuzz")
  @Timeout(600)
  @Test
  void logAndFramesAreFuzzed() throws Exception {
    JazzerRun.run(LogFuzz.class, Integer.getInteger("iobus.fuzz.seconds", 60));
  }
}
