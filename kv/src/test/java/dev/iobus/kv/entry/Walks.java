package dev.iobus.kv.entry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.kv.entry.ModelCursor.Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

/// Random entries, and random walks that a cursor must do just as the model does. Stateless.
public final class Walks {

  private Walks() {}

  /// Distinct entries in order: few user keys with many versions, keys that are prefixes of others,
  /// long common beginnings, empty keys and values.
  public static List<Entry> entries(Random random, int count, int valueMax) {
    TreeSet<Entry> entries = new TreeSet<>();
    while (entries.size() < count) {
      long sequence = 1L + random.nextInt(4 * count);
      EntryKind kind = random.nextInt(4) == 0 ? EntryKind.DELETE : EntryKind.PUT;
      byte[] value = new byte[kind == EntryKind.PUT ? random.nextInt(valueMax + 1) : 0];
      if (random.nextBoolean()) {
        random.nextBytes(value);
      }
      entries.add(new Entry(key(random), InternalKey.tag(sequence, kind), value));
    }
    return new ArrayList<>(entries);
  }

  public static byte[] key(Random random) {
    byte[] key = new byte[random.nextInt(4) == 0 ? random.nextInt(40) : random.nextInt(12)];
    for (int i = Math.max(0, key.length - 3); i < key.length; i++) {
      key[i] = (byte) (random.nextInt(3) * 127);
    }
    return key;
  }

  /// Moves `cursor` and the model at random and compares them after each move.
  public static void compare(EntryCursor cursor, List<Entry> entries, Random random, int moves)
      throws IOException {
    ModelCursor model = new ModelCursor(entries);
    for (int i = 0; i < moves; i++) {
      int move = random.nextInt(model.isValid() ? 20 : 4);
      switch (move) {
        case 0 -> {
          cursor.seekToFirst();
          model.seekToFirst();
        }
        case 1 -> {
          cursor.seekToLast();
          model.seekToLast();
        }
        case 2, 3 -> {
          boolean known = random.nextBoolean() && !entries.isEmpty();
          Entry near = known ? entries.get(random.nextInt(entries.size())) : null;
          MemorySegment key = MemorySegment.ofArray(near == null ? key(random) : near.key());
          long tag = near == null ? random.nextLong() : near.tag() + random.nextInt(3) - 1;
          if (move == 2) {
            cursor.seek(key, tag);
            model.seek(key, tag);
          } else {
            cursor.seekBefore(key, tag);
            model.seekBefore(key, tag);
          }
        }
        default -> {
          if ((i >> 4) % 3 == 0 ? random.nextBoolean() : (i >> 4) % 3 == 1) {
            cursor.next();
            model.next();
          } else {
            cursor.previous();
            model.previous();
          }
        }
      }
      assertEquals(model.isValid(), cursor.isValid());
      if (model.isValid()) {
        assertSame(model.entry(), cursor);
      }
    }
  }

  public static void assertSame(Entry expected, EntryCursor cursor) {
    assertArrayEquals(expected.key(), cursor.key().toArray(ValueLayout.JAVA_BYTE));
    assertEquals(expected.tag(), cursor.tag());
    assertArrayEquals(expected.value(), cursor.value().toArray(ValueLayout.JAVA_BYTE));
  }
}
