package dev.iobus.kv.entry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.kv.entry.ModelCursor.Entry;
import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/// A visible cursor walks like a sorted map that the snapshot's writes were applied to.
class VisibleCursorProperties {

  @Property(tries = 300)
  void walksLikeASortedMap(@ForAll long seed, @ForAll @IntRange(max = 200) int size)
      throws Exception {
    Random random = new Random(seed);
    List<Entry> entries = Walks.entries(random, size, random.nextInt(10) == 0 ? 6000 : 10);
    long sequence = random.nextInt(4 * size + 2);
    byte @Nullable [] lower = random.nextInt(3) == 0 ? Walks.key(random) : null;
    byte @Nullable [] upper = random.nextInt(3) == 0 ? Walks.key(random) : null;
    NavigableMap<byte[], byte[]> model = visible(entries, sequence, lower, upper);
    EntryCursor merged =
        new MergingCursor(new ModelCursor(odd(entries, 0)), new ModelCursor(odd(entries, 1)));
    try (VisibleCursor cursor =
        new VisibleCursor(merged, sequence, segment(lower), segment(upper), "test")) {
      byte[] at = null;
      for (int i = 0; i < 200; i++) {
        Map.Entry<byte[], byte[]> expected;
        boolean found;
        switch (random.nextInt(at == null ? 4 : 16)) {
          case 0 -> {
            expected = model.firstEntry();
            found = cursor.seekToFirst();
          }
          case 1 -> {
            expected = model.lastEntry();
            found = cursor.seekToLast();
          }
          case 2 -> {
            byte[] key = Walks.key(random);
            expected = model.ceilingEntry(key);
            found = cursor.seek(MemorySegment.ofArray(key));
          }
          case 3 -> {
            byte[] key = Walks.key(random);
            expected = model.floorEntry(key);
            found = cursor.seekForPrevious(MemorySegment.ofArray(key));
          }
          default -> {
            if ((i >> 3) % 3 == 0 ? random.nextBoolean() : (i >> 3) % 3 == 1) {
              expected = model.higherEntry(at);
              found = cursor.next();
            } else {
              expected = model.lowerEntry(at);
              found = cursor.previous();
            }
          }
        }
        assertEquals(expected != null, found);
        assertEquals(found, cursor.isValid());
        at = expected == null ? null : expected.getKey();
        if (expected != null) {
          assertArrayEquals(at, cursor.key().toArray(ValueLayout.JAVA_BYTE));
          assertArrayEquals(expected.getValue(), cursor.value().toArray(ValueLayout.JAVA_BYTE));
        }
      }
    }
  }

  @Example
  void kindThatCannotBeServedIsRefused() throws Exception {
    byte[] key = {1};
    for (EntryKind kind : EntryKind.values()) {
      Entry entry = new Entry(key, InternalKey.tag(7, kind), new byte[9]);
      try (VisibleCursor cursor =
          new VisibleCursor(new ModelCursor(List.of(entry)), 9, null, null, "store")) {
        if (kind == EntryKind.PUT || kind == EntryKind.DELETE) {
          assertEquals(kind == EntryKind.PUT, cursor.seekToFirst());
          assertEquals(kind == EntryKind.PUT, cursor.seekToLast());
        } else {
          assertThrows(FormatVersionException.class, cursor::seekToFirst);
          assertThrows(FormatVersionException.class, cursor::seekToLast);
          assertEquals(false, cursor.isValid());
        }
      }
    }
  }

  private static NavigableMap<byte[], byte[]> visible(
      List<Entry> entries, long sequence, byte @Nullable [] lower, byte @Nullable [] upper) {
    NavigableMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
    byte[] last = null;
    for (Entry entry : entries) {
      boolean decided = last != null && Arrays.equals(last, entry.key());
      if (decided || entry.tag() >>> 8 > sequence) {
        continue;
      }
      last = entry.key();
      boolean within =
          (lower == null || Arrays.compareUnsigned(last, lower) >= 0)
              && (upper == null || Arrays.compareUnsigned(last, upper) < 0);
      if (within && (entry.tag() & 0xff) == EntryKind.PUT.code()) {
        model.put(last, entry.value());
      }
    }
    return model;
  }

  private static List<Entry> odd(List<Entry> entries, int rest) {
    return entries.stream().filter(e -> (e.tag() >>> 8) % 2 == rest).toList();
  }

  private static @Nullable MemorySegment segment(byte @Nullable [] bytes) {
    return bytes == null ? null : MemorySegment.ofArray(bytes);
  }
}
