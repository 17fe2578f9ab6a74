package dev.iobus.kv.version;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A manifest that version 1 of the formats wrote: every later version reads it, and writes the same
/// bytes as long as that is the version it writes.
final class GoldenManifestTest {

  private static final String NAME = "manifest-000000000001";
  private static final long FILE_ID = 0x1122334455667788L;

  @TempDir Path temp;

  private static TableInfo table(long number, int level, String smallest, String largest) {
    return new TableInfo(
        number,
        0x7000_0000_0000_0000L + number,
        8192 * number,
        0x0123_4567_89ab_cdefL + number,
        Keyspace.DEFAULT.id(),
        level,
        KeyBound.inclusive(bytes(smallest), 0x301),
        KeyBound.inclusive(bytes(largest), 0x1f00),
        3,
        31 + number,
        0,
        100 * number,
        number,
        0,
        Long.MAX_VALUE,
        List.of());
  }

  private static MemorySegment bytes(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }

  /// An empty state, two tables, a move of one of them and the end of the other.
  private static void write(DataDirectory directory, MemoryBudget.Account memory)
      throws IOException {
    try (Manifest manifest =
        Manifest.create(directory, 1, FILE_ID, ManifestState.empty(), memory)) {
      manifest.append(
          new VersionEdit()
              .add(table(2, 0, "", "m"))
              .add(table(3, 0, "a", "zz"))
              .logStart(4096)
              .durableMark(12_345)
              .lastSequence(40)
              .nextFileNumber(4));
      manifest.append(
          new VersionEdit().remove(2).remove(3).add(table(3, 1, "a", "zz")).nextFileNumber(6));
    }
  }

  private static byte[] golden() throws IOException {
    String name = "golden/" + NAME + ".gz";
    try (InputStream file = GoldenManifestTest.class.getResourceAsStream(name)) {
      assertTrue(file != null, () -> "no golden file " + name);
      return new GZIPInputStream(file).readAllBytes();
    }
  }

  @Test
  void manifestIsRead() throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory directory = DataDirectory.open(bus, temp);
        MemoryBudget.Account memory = new MemoryBudget(16 << 20).open("manifest", 0)) {
      Files.write(temp.resolve(NAME), golden());
      ManifestState state = Manifest.read(directory, 1, memory);
      assertEquals(List.of(table(3, 1, "a", "zz")), List.copyOf(state.tables()));
      assertEquals(4096, state.logStart());
      assertEquals(12_345, state.durableMark());
      assertEquals(40, state.lastSequence());
      assertEquals(6, state.nextFileNumber());
    }
  }

  @Test
  void manifestIsWrittenAsItWas() throws IOException {
    try (SharedBus bus = SharedBus.open(BusOptions.defaults());
        DataDirectory directory = DataDirectory.open(bus, temp);
        MemoryBudget.Account memory = new MemoryBudget(16 << 20).open("manifest", 0)) {
      Assumptions.assumeTrue(directory.blockSize() == 4096, "frames are padded to larger blocks");
      write(directory, memory);
      assertArrayEquals(golden(), Files.readAllBytes(temp.resolve(NAME)));
    }
  }
}
