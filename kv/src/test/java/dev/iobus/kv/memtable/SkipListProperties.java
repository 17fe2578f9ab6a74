package dev.iobus.kv.memtable;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.kv.entry.ModelCursor.Entry;
import dev.iobus.kv.entry.Walks;
import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/// A skip list holds what was added, in order, whatever the order of adding.
class SkipListProperties {

  @Property(tries = 150)
  void walksAndGetsLikeASortedList(@ForAll long seed, @ForAll @IntRange(max = 300) int size)
      throws Exception {
    Random random = new Random(seed);
    List<Entry> entries = Walks.entries(random, size, 50);
    MemoryBudget budget = new MemoryBudget(1 << 20);
    try (MemoryBudget.Account account = budget.open("memtable", 1 << 20);
        Memtable memtable = requireNonNull(Memtable.create(account, 256 << 10))) {
      List<Entry> shuffled = new ArrayList<>(entries);
      Collections.shuffle(shuffled, random);
      for (Entry entry : shuffled) {
        add(memtable, entry);
      }
      assertEquals(size, memtable.entries());
      assertEquals(memtable.bytes(), memtable.reservedBytes());
      try (EntryCursor cursor = memtable.cursor()) {
        Walks.compare(cursor, entries, random, 300);
      }
      for (int i = 0; i < 100; i++) {
        byte[] key = Walks.key(random);
        long sequence = random.nextInt(4 * size + 2);
        checkGet(entries, key, sequence, memtable.get(MemorySegment.ofArray(key), sequence));
      }
    }
  }

  static void add(Memtable memtable, Entry entry) {
    assertTrue(
        memtable.tryReserve(Memtable.bytesFor(entry.key().length, entry.value().length)));
    memtable.add(
        MemorySegment.ofArray(entry.key()), entry.tag(), MemorySegment.ofArray(entry.value()));
  }

  static void checkGet(List<Entry> entries, byte[] key, long sequence, Lookup found) {
    Entry expected = null;
    for (Entry entry : entries) {
      if (expected == null
          && Arrays.equals(entry.key(), key)
          && InternalKey.sequence(entry.tag()) <= sequence) {
        expected = entry;
      }
    }
    switch (found) {
      case Lookup.Absent absent -> assertEquals(null, expected);
      case Lookup.Deleted deleted -> assertEquals(0, requireNonNull(expected).tag() & 0xff);
      case Lookup.Found value -> {
        assertNotNull(expected);
        assertEquals(expected.tag(), value.tag());
        assertArrayEquals(expected.value(), value.value().toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }
}
