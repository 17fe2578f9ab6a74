package dev.iobus.kv.sstable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.ModelCursor.Entry;
import dev.iobus.kv.entry.Walks;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SSTableTest {

  @TempDir Path temp;

  @Test
  void hashMatchesTheReferenceOfXxh64() {
    assertEquals(0xEF46DB3751D8E999L, Hash64.of(segment("")));
    assertEquals(0xD24EC4F1A98C6E5BL, Hash64.of(segment("a")));
    assertEquals(0x44BC2CF5AD770999L, Hash64.of(segment("abc")));
    var reference = net.jpountz.xxhash.XXHashFactory.safeInstance().hash64();
    byte[] bytes = new byte[100];
    new Random(1).nextBytes(bytes);
    for (int length = 0; length <= 100; length++) {
      assertEquals(
          reference.hash(bytes, 0, length, 0),
          Hash64.of(MemorySegment.ofArray(bytes).asSlice(0, length)));
    }
  }

  @Test
  void tenBitsAKeyLetAtMostThirteenInAThousandThrough() {
    int keys = 100_000;
    for (int round = 0; round < 3; round++) {
      int lines = BloomFilter.linesFor(keys, 10);
      MemorySegment memory = MemorySegment.ofArray(new long[lines * 8]);
      BloomFilter filter = new BloomFilter(memory, lines, BloomFilter.probesFor(10));
      for (int i = 0; i < keys; i++) {
        filter.add(hash(round, i));
      }
      int wrong = 0;
      for (int i = 0; i < keys; i++) {
        assertTrue(filter.mayContain(hash(round, i)));
        wrong += filter.mayContain(hash(round, i + keys)) ? 1 : 0;
      }
      assertTrue(wrong <= 0.013 * keys, "let through " + wrong + " of " + keys);
    }
  }

  @Test
  void paddingStaysBelowEightPercent() throws Exception {
    int[][] sizes = {{84, 84}, {1000, 1000}, {0, 4000}, {4050, 4050}, {2100, 2100}, {300, 3000}};
    try (TableFixture fixture = new TableFixture(temp)) {
      int table = 0;
      for (int[] range : sizes) {
        for (double random : new double[] {1, 0.5, 0.2}) {
          for (Codec codec : Codec.values()) {
            int bytes = (int) ((5 << 18) / random); // A mebibyte at least when compressed.
            List<Entry> entries = entries(range[0], range[1], random, bytes);
            TableProperties written = fixture.write("p" + table++, entries, codec);
            double padding = (double) written.paddingBytes() / written.size();
            assertTrue(written.size() >= 1 << 20, "size " + written.size());
            assertTrue(
                padding <= 0.08,
                codec + " " + range[0] + "…" + range[1] + " random " + random + ": " + padding);
          }
        }
      }
    }
  }

  /// Flips one bit at a time all over a small table: opening and reading it must say so, or give
  /// the right entries.
  @Test
  void flippedBitIsReportedOrHarmless() throws Exception {
    List<Entry> entries = Walks.entries(new Random(3), 300, 60);
    Random random = new Random(4);
    try (TableFixture fixture = new TableFixture(temp)) {
      fixture.write("good", entries, Codec.LZ4);
      byte[] good = Files.readAllBytes(fixture.path.resolve("good"));
      int reported = 0;
      for (int at = 0; at < good.length; at += 1 + random.nextInt(48)) {
        byte[] bad = good.clone();
        bad[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(fixture.path.resolve("bad"), bad);
        try {
          walk(fixture, "bad", entries);
        } catch (CorruptionException e) {
          assertTrue(e.file().endsWith("bad"), e.getMessage());
          reported++;
          continue;
        }
        throw new AssertionError("a flip at " + at + " went unnoticed");
      }
      assertTrue(reported > 250, "flips " + reported);
      for (int length = 0; length < good.length; length += 1000) {
        Files.write(fixture.path.resolve("bad"), java.util.Arrays.copyOf(good, length));
        assertThrows(CorruptionException.class, () -> walk(fixture, "bad", entries));
      }
    }
  }

  @Test
  void newerVersionIsRefused() throws Exception {
    try (TableFixture fixture = new TableFixture(temp)) {
      fixture.write("newer", entries(10, 10, 1, 1000), Codec.NONE);
      Path path = fixture.path.resolve("newer");
      byte[] bytes = Files.readAllBytes(path);
      MemorySegment page = MemorySegment.ofArray(bytes);
      new dev.iobus.storage.file.FileHeader(
              dev.iobus.storage.file.FileKind.SSTABLE, 2, TableFixture.FILE_ID)
          .write(page);
      Files.write(path, bytes);
      assertThrows(FormatVersionException.class, () -> walk(fixture, "newer", List.of()));
    }
  }

  @Test
  void entriesOutOfOrderAndUnknownKindsAreRefused() throws Exception {
    try (TableFixture fixture = new TableFixture(temp);
        DataFile file = fixture.directory.create("t", false);
        SSTableWriter writer = new SSTableWriter(file, 1, fixture.account, Codec.NONE, 0)) {
      assertThrows(IllegalStateException.class, writer::finish);
      MemorySegment key = segment("k");
      writer.add(key, InternalKey.tag(5, EntryKind.PUT), key);
      long same = InternalKey.tag(5, EntryKind.PUT);
      assertThrows(IllegalArgumentException.class, () -> writer.add(key, same, key));
      long merge = InternalKey.tag(4, EntryKind.MERGE);
      assertThrows(IllegalArgumentException.class, () -> writer.add(key, merge, key));
    }
  }

  @Test
  void valueOfManyPagesIsOneBlock() throws Exception {
    List<Entry> entries = new ArrayList<>(entries(100, 100, 1, 20_000));
    byte[] large = new byte[3 << 20];
    new Random(5).nextBytes(large);
    Entry middle = entries.get(entries.size() / 2);
    entries.set(entries.size() / 2, new Entry(middle.key(), middle.tag(), large));
    for (Codec codec : Codec.values()) {
      try (TableFixture fixture = new TableFixture(temp)) {
        TableProperties written = fixture.write("large", entries, codec);
        assertTrue(written.size() < (3 << 20) + 100_000, "size " + written.size());
        walk(fixture, "large", entries);
      }
    }
  }

  @Test
  void separatorLiesBetweenItsNeighbours() {
    Random random = new Random(6);
    for (int i = 0; i < 10_000; i++) {
      byte[] a = Walks.key(random);
      byte[] b = Walks.key(random);
      if (java.util.Arrays.compareUnsigned(a, b) < 0) {
        byte[] separator = IndexWriter.separator(a, b);
        assertTrue(java.util.Arrays.compareUnsigned(a, separator) <= 0);
        assertTrue(java.util.Arrays.compareUnsigned(separator, b) < 0);
      }
    }
  }

  @Test
  void longScanReadsAheadAndShortOnesDoNot() throws Exception {
    List<Entry> entries = entries(100, 100, 1, 1 << 20);
    try (TableFixture fixture = new TableFixture(temp)) {
      fixture.write("ahead", entries, Codec.LZ4);
      try (DataFile file = fixture.open("ahead");
          SSTableReader reader = SSTableReader.open(fixture.cache, file, null, fixture.account);
          EntryCursor cursor = reader.cursor()) {
        // Ten entries are in one block, or in two.
        for (int from = 0; from < entries.size() - 10; from += 400) {
          cursor.seek(MemorySegment.ofArray(entries.get(from).key()), InternalKey.seekTag(InternalKey.SEQUENCE_MAX));
          for (int i = from; i < from + 10; i++) {
            Walks.assertSame(entries.get(i), cursor);
            cursor.next();
          }
        }
        // Backward, nothing is read ahead.
        cursor.seekToLast();
        for (int i = 0; i < 1000; i++) {
          cursor.previous();
        }
        assertEquals(0, fixture.cache.stats().prefetches());
      }
      try (DataFile file = fixture.open("ahead");
          SSTableReader reader = SSTableReader.open(fixture.cache, file, null, fixture.account);
          EntryCursor cursor = reader.cursor()) {
        long missesBefore = fixture.cache.stats().misses();
        for (int round = 0; round < 2; round++) {
          cursor.seekToFirst();
          for (Entry entry : entries) {
            Walks.assertSame(entry, cursor);
            cursor.next();
          }
        }
        long misses = fixture.cache.stats().misses() - missesBefore;
        long ahead = fixture.cache.stats().prefetches();
        assertTrue(ahead > misses / 2, ahead + " of " + misses + " reads were ahead");
        assertTrue(ahead <= misses, "the second walk finds all in the cache");
      }
    }
  }

  /// A store had failed when a table that it had written found no memory for its filter.
  @Test
  void tableWhoseFilterFindsNoMemoryIsReadWithoutIt() throws Exception {
    List<Entry> entries = entries(100, 100, 1, 8 << 20);
    MemoryBudget little = new MemoryBudget(160 << 10);
    try (TableFixture fixture = new TableFixture(temp);
        MemoryBudget.Account account = little.open("indexes", 0)) {
      fixture.write("little", entries, Codec.LZ4);
      try (DataFile file = fixture.open("little");
          SSTableReader reader = SSTableReader.open(fixture.cache, file, null, account)) {
        assertTrue(reader.mayContain(0));
        assertTrue(reader.mayContain(1));
        assertEquals(entries.size(), reader.verify(fixture.account));
      }
      assertEquals(0, little.reserved());
    }
  }

  private static void walk(TableFixture fixture, String name, List<Entry> entries)
      throws IOException {
    try (DataFile file = fixture.open(name);
        SSTableReader reader = SSTableReader.open(fixture.cache, file, null, fixture.account);
        EntryCursor cursor = reader.cursor()) {
      cursor.seekToFirst();
      for (Entry entry : entries) {
        Walks.assertSame(entry, cursor);
        cursor.next();
      }
      reader.verify(fixture.account);
    }
  }

  private static List<Entry> entries(int least, int most, double randomPart, int bytes) {
    Random random = new Random(7);
    List<Entry> entries = new ArrayList<>();
    long total = 0;
    for (int i = 0; total < bytes; i++) {
      byte[] key = ByteBuffer.allocate(16).putLong(0x6b65796b65796b65L).putLong(i * 7L).array();
      byte[] value = new byte[least + random.nextInt(most - least + 1)];
      byte[] noise = new byte[(int) (value.length * randomPart)];
      random.nextBytes(noise);
      System.arraycopy(noise, 0, value, 0, noise.length);
      entries.add(new Entry(key, InternalKey.tag(i + 1, EntryKind.PUT), value));
      total += value.length + key.length;
    }
    return entries;
  }

  private static long hash(int round, int i) {
    byte[] key = ByteBuffer.allocate(8).putInt(round).putInt(i).array();
    return Hash64.of(MemorySegment.ofArray(key));
  }

  private static MemorySegment segment(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8));
  }
}
