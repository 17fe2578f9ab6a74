package dev.iobus.kv.sstable;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.ModelCursor.Entry;
import dev.iobus.kv.entry.Walks;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tables that version 1 of the format wrote: every later version reads them, and writes the same
/// bytes as long as that is the version it writes. So a change to block, index, filter, properties
/// or footer is seen even where writer and reader change together.
final class GoldenTableTest {

  @TempDir Path temp;

  /// 700 keys: the empty one, one of 700 bytes, some with several versions, some deleted; values of 0
  /// to 399 bytes, which can be compressed a little, and one of 20,000.
  private static List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry(new byte[0], InternalKey.tag(7, EntryKind.PUT), value(1, 10)));
    for (int i = 0; i < 698; i++) {
      byte[] key = "key-%05d".formatted(i * 3).getBytes(US_ASCII);
      if (i % 7 == 0) {
        entries.add(new Entry(key, InternalKey.tag(2_000 + i, EntryKind.DELETE), new byte[0]));
      }
      if (i % 5 == 0) {
        int length = i == 350 ? 20_000 : i % 400;
        entries.add(new Entry(key, InternalKey.tag(1_000 + i, EntryKind.PUT), value(i, length)));
      }
      entries.add(new Entry(key, InternalKey.tag(1 + i, EntryKind.PUT), value(i + 1, 399 - i % 400)));
    }
    byte[] last = new byte[700];
    java.util.Arrays.fill(last, (byte) 0xfe);
    entries.add(new Entry(last, InternalKey.tag(9_000, EntryKind.DELETE), new byte[0]));
    return entries;
  }

  private static byte[] value(int number, int length) {
    byte[] value = new byte[length];
    for (int i = 0; i < length; i++) {
      value[i] = (byte) (number * 31 + i * i % 61);
    }
    return value;
  }

  private static String name(Codec codec) {
    return codec == Codec.NONE ? "table-none" : "table-lz4";
  }

  private static byte[] golden(Codec codec) throws IOException {
    String name = "golden/" + name(codec) + ".gz";
    try (InputStream file = GoldenTableTest.class.getResourceAsStream(name)) {
      assertTrue(file != null, () -> "no golden file " + name);
      return new GZIPInputStream(file).readAllBytes();
    }
  }

  @Test
  void tablesAreRead() throws IOException {
    List<Entry> entries = entries();
    try (TableFixture fixture = new TableFixture(temp)) {
      for (Codec codec : Codec.values()) {
        String name = name(codec);
        Files.write(fixture.path.resolve(name), golden(codec));
        try (DataFile file = fixture.open(name);
            SSTableReader reader =
                SSTableReader.open(fixture.cache, file, null, fixture.account);
            EntryCursor cursor = reader.cursor()) {
          cursor.seekToFirst();
          for (Entry entry : entries) {
            Walks.assertSame(entry, cursor);
            assertTrue(reader.mayContain(Hash64.of(MemorySegment.ofArray(entry.key()))));
            cursor.next();
          }
          assertFalse(cursor.isValid());
          assertEquals(entries.size(), reader.verify(fixture.account));
          int let = 0;
          for (int i = 0; i < 1_000; i++) {
            byte[] absent = "none-%05d".formatted(i).getBytes(US_ASCII);
            let += reader.mayContain(Hash64.of(MemorySegment.ofArray(absent))) ? 1 : 0;
          }
          assertTrue(let < 50, let + " of 1,000 absent keys were let through");
        }
      }
    }
  }

  /// Compressed bytes are the compressor's, which may find better ones.
  @Test
  void tableWithoutCompressionIsWrittenAsItWas() throws IOException {
    try (TableFixture fixture = new TableFixture(temp)) {
      fixture.write("now", entries(), Codec.NONE);
      assertArrayEquals(golden(Codec.NONE), Files.readAllBytes(fixture.path.resolve("now")));
    }
  }
}
