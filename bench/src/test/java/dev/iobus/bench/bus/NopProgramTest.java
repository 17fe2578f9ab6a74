package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The C program: skipped where there is no compiler, or no ring for it.
@Timeout(60)
final class NopProgramTest {

  private static final long NANOS = 20_000_000;

  @TempDir(factory = TargetDirectory.class)
  private Path directory;

  @Test
  void wholeBatchesAreCounted() throws Exception {
    for (int batch : new int[] {1, 32, 128}) {
      try (Contender contender = open(batch)) {
        Outcome outcome = contender.run(NANOS);
        long operations = outcome.measurement().operations();
        assertTrue(operations > 0);
        assertEquals(0, operations % batch);
        assertTrue(outcome.measurement().nanos() >= NANOS, outcome::toString);
        Outcome.ProcessorTime time = outcome.child();
        assertTrue(time != null && time.nanos() > 0, outcome::toString);
      }
      Files.delete(directory.resolve("nops.c"));
      Files.delete(directory.resolve("nops"));
    }
  }

  @Test
  void programThatFailsIsNoticed() throws Exception {
    try (Contender contender = open(1)) {
      // It takes batches up to 8,192 only.
      Contender wrong = new NopProgram(directory.resolve("nops"), "").entrant(9_000).open();
      assertThrows(IOException.class, () -> wrong.run(NANOS));
      assertTrue(contender.run(NANOS).measurement().operations() > 0);
    }
  }

  private Contender open(int batch) throws Exception {
    try {
      return NopProgram.compile(directory).entrant(batch).open();
    } catch (HostLacksException e) {
      return abort(e.getMessage());
    }
  }
}
