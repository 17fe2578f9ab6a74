package dev.iobus.bench.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.Measurement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectReadsTest {

  private static final int BLOCKS = 300;

  /// On the disk of the build rather than in a memory file system, which may refuse O_DIRECT.
  @TempDir(factory = TargetDirectory.class)
  private Path directory;

  @Test
  void everyBlockIsWhatWasAskedFor() throws Exception {
    BlockFile file = create("blocks");
    assertEquals((long) BLOCKS * BlockFile.BLOCK_LENGTH, Files.size(file.path()));
    try (DirectReads reads = new DirectReads(file, 16, null)) {
      Measurement m = reads.run(50_000_000);
      assertTrue(m.operations() >= 16);
      assertEquals(m.operations(), m.latencies().count());
    }
  }

  @Test
  void wrongBlockIsNoticed() throws Exception {
    BlockFile file = create("swapped");
    byte[] bytes = Files.readAllBytes(file.path());
    for (int i = 0; i < BLOCKS; i++) {
      bytes[i * BlockFile.BLOCK_LENGTH] ^= 1;
    }
    Files.write(file.path(), bytes);
    try (DirectReads reads = new DirectReads(file, 4, null)) {
      assertThrows(IOException.class, () -> reads.run(50_000_000));
    }
  }

  private BlockFile create(String name) throws IOException {
    return BlockFile.create(directory.resolve(name), (long) BLOCKS * BlockFile.BLOCK_LENGTH);
  }
}
