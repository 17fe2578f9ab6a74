package dev.iobus.kv.sstable;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.kv.entry.ModelCursor.Entry;
import dev.iobus.kv.entry.Walks;
import dev.iobus.storage.file.DataFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// A table answers and walks like the sorted list that it was written from.
class SSTableProperties {

  @Property(tries = 60)
  void answersAndWalksLikeASortedList(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 900) int size, @ForAll Codec codec)
      throws Exception {
    Random random = new Random(seed);
    int valueMax = random.nextInt(4) == 0 ? 20_000 : random.nextInt(400);
    List<Entry> entries = Walks.entries(random, valueMax > 400 ? size / 8 + 1 : size, valueMax);
    try (TableFixture fixture =
        new TableFixture(Files.createTempDirectory("sstable"))) {
      TableProperties written = fixture.write("t1", entries, codec);
      try (DataFile file = fixture.open("t1");
          SSTableReader reader =
              SSTableReader.open(
                  fixture.cache,
                  file,
                  new SSTableReader.Expected(written.fileId(), written.size(), written.digest()),
                  fixture.account)) {
        assertEquals(entries.size(), reader.verify(fixture.account));
        assertEquals(entries.size(), reader.properties().entries());
        try (EntryCursor cursor = reader.cursor()) {
          Walks.compare(cursor, entries, random, 300);
        }
        try (EntryCursor cursor = reader.scan(fixture.account)) {
          Walks.compare(cursor, entries, random, 100);
        }
        for (int i = 0; i < 200; i++) {
          Entry near = entries.get(random.nextInt(entries.size()));
          byte[] key = random.nextInt(3) == 0 ? Walks.key(random) : near.key();
          long sequence =
              random.nextBoolean()
                  ? random.nextInt(4 * size + 2)
                  : InternalKey.sequence(near.tag());
          checkGet(entries, key, sequence, reader);
        }
      }
    }
  }

  static void checkGet(List<Entry> entries, byte[] key, long sequence, SSTableReader reader)
      throws Exception {
    Entry expected = null;
    for (Entry entry : entries) {
      if (expected == null
          && Arrays.equals(entry.key(), key)
          && InternalKey.sequence(entry.tag()) <= sequence) {
        expected = entry;
      }
    }
    switch (reader.get(MemorySegment.ofArray(key), InternalKey.seekTag(sequence))) {
      case Lookup.Absent absent -> assertEquals(null, expected);
      case Lookup.Deleted deleted -> assertEquals(0, requireNonNull(expected).tag() & 0xff);
      case Lookup.Found found -> {
        assertNotNull(expected);
        assertEquals(expected.tag(), found.tag());
        assertArrayEquals(expected.value(), found.value().toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }
}
