package dev.iobus.kv.memtable;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SkipListTest {

  private final MemoryBudget budget = new MemoryBudget(64 << 20);
  private final MemoryBudget.Account account = budget.open("memtables", 64 << 20);

  @Test
  void memoryIsFreedWithTheLastHoldOnly() {
    Memtable memtable = create(1 << 20);
    assertEquals(1 << 20, account.reserved());
    put(memtable, 1, 1);
    assertTrue(memtable.acquire());
    EntryCursor cursor = memtable.cursor();
    memtable.close();
    memtable.close();
    assertEquals(1 << 20, account.reserved());
    memtable.release();
    assertDoesNotThrowSeek(cursor);
    cursor.close();
    cursor.close();
    assertEquals(0, account.reserved());
    assertFalse(memtable.acquire());
    assertThrows(IllegalStateException.class, memtable::release);
    assertThrows(IllegalStateException.class, memtable::cursor);
    assertThrows(IllegalStateException.class, () -> memtable.get(key(1), 9));
    assertThrows(IllegalStateException.class, cursor::seekToFirst);
  }

  @Test
  void memtableThatTheBudgetRefusesIsNull() {
    assertNull(Memtable.create(account, (64 << 20) + 1));
    assertEquals(0, account.reserved());
  }

  @Test
  void reservedBytesCanAlwaysBeAddedAndNoMore() {
    try (Memtable memtable = create(64 << 10)) {
      long bytes = Memtable.bytesFor(8, 100);
      int reserved = 0;
      while (memtable.tryReserve(bytes)) {
        reserved++;
      }
      assertFalse(memtable.tryReserve(bytes));
      MemorySegment value = MemorySegment.ofArray(new byte[100]);
      for (int i = 0; i < reserved; i++) {
        memtable.add(key(i), InternalKey.tag(i + 1, EntryKind.PUT), value);
      }
      assertEquals(reserved, memtable.entries());
      assertTrue(memtable.bytes() <= memtable.capacity());
      assertTrue(memtable.tryReserve(bytes), "what nodes did not need is given back");
      memtable.unreserve(bytes);
      memtable.seal();
      assertTrue(memtable.isSealed());
      assertFalse(memtable.tryReserve(1));
    }
  }

  @Test
  void oneEntryFillsAnArenaMadeForIt() throws Exception {
    int length = 5 << 20;
    try (Memtable memtable = create(Memtable.bytesFor(65535, length) + 4096)) {
      MemorySegment key = MemorySegment.ofArray(new byte[65535]);
      MemorySegment value = MemorySegment.ofArray(new byte[length]);
      assertTrue(memtable.tryReserve(Memtable.bytesFor(65535, length)));
      memtable.add(key, InternalKey.tag(1, EntryKind.PUT), value);
      Lookup.Found found = assertInstanceOf(Lookup.Found.class, memtable.get(key, 1));
      assertEquals(length, found.value().byteSize());
      assertEquals(Lookup.Absent.ABSENT, memtable.get(key, 0));
    }
  }

  /// Writers insert interleaved keys while readers check that what they see is in order, that what
  /// was seen once stays, and that every entry is whole.
  @Test
  void concurrentInsertsKeepOrderAndLoseNothing() throws Exception {
    int writers = 4;
    int each = 20_000;
    try (Memtable memtable = create(16 << 20)) {
      AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
      AtomicBoolean done = new AtomicBoolean();
      List<Thread> threads = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        int writer = w;
        threads.add(
            start(
                failure,
                () -> {
                  for (int i = 0; i < each; i++) {
                    // Neighbours belong to different writers, so that links are contended.
                    int id = i * writers + writer;
                    put(memtable, id, id + 1L);
                    Lookup found = memtable.get(key(id), id + 1L);
                    assertInstanceOf(Lookup.Found.class, found);
                  }
                }));
      }
      Thread reader =
          start(
              failure,
              () -> {
                long seen = 0;
                while (!done.get()) {
                  long count = walk(memtable);
                  assertTrue(count >= seen);
                  seen = count;
                }
              });
      for (Thread thread : threads) {
        thread.join();
      }
      done.set(true);
      reader.join();
      assertNull(failure.get(), () -> String.valueOf(failure.get()));
      assertEquals((long) writers * each, walk(memtable));
      assertEquals((long) writers * each, memtable.entries());
      assertEquals(memtable.bytes(), memtable.reservedBytes());
      try (EntryCursor cursor = memtable.cursor()) {
        cursor.seekToLast();
        for (int id = writers * each - 1; id >= 0; id--) {
          assertEquals(id, id(cursor.key()));
          cursor.previous();
        }
        assertFalse(cursor.isValid());
      }
    }
  }

  private static long walk(Memtable memtable) throws Exception {
    try (EntryCursor cursor = memtable.cursor()) {
      long count = 0;
      int last = -1;
      for (cursor.seekToFirst(); cursor.isValid(); cursor.next()) {
        int id = id(cursor.key());
        assertTrue(id > last);
        assertEquals(id + 1L, InternalKey.sequence(cursor.tag()));
        assertEquals(id, cursor.value().get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        last = id;
        count++;
      }
      return count;
    }
  }

  @Test
  void keysThatShareTheirFirstEightBytesAreToldApart() throws Exception {
    byte[][] keys = {
      {}, {0}, {0, 0}, {0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 0},
      {0, 0, 0, 0, 0, 0, 0, 0, 1}, {1}, {(byte) 0xff}, {(byte) 0xff, 0}
    };
    try (Memtable memtable = create(64 << 10)) {
      for (int i = keys.length - 1; i >= 0; i--) {
        MemorySegment key = MemorySegment.ofArray(keys[i]);
        assertTrue(memtable.tryReserve(Memtable.bytesFor(keys[i].length, keys[i].length)));
        memtable.add(key, InternalKey.tag(i + 1, EntryKind.PUT), key);
      }
      try (EntryCursor cursor = memtable.cursor()) {
        cursor.seekToFirst();
        for (byte[] key : keys) {
          assertArrayEquals(key, cursor.key().toArray(ValueLayout.JAVA_BYTE));
          cursor.next();
        }
      }
    }
  }

  private Memtable create(long capacityBytes) {
    return requireNonNull(Memtable.create(account, capacityBytes));
  }

  private static void assertDoesNotThrowSeek(EntryCursor cursor) {
    try {
      cursor.seekToFirst();
      assertEquals(1, id(cursor.key()));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void put(Memtable memtable, int id, long sequence) {
    assertTrue(memtable.tryReserve(Memtable.bytesFor(8, 4)));
    MemorySegment value = MemorySegment.ofArray(new byte[4]);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, id);
    memtable.add(key(id), InternalKey.tag(sequence, EntryKind.PUT), value);
  }

  private static MemorySegment key(int id) {
    return MemorySegment.ofArray(ByteBuffer.allocate(8).putInt(4, id).array());
  }

  private static int id(MemorySegment key) {
    return ByteBuffer.wrap(key.toArray(ValueLayout.JAVA_BYTE)).getInt(4);
  }

  private interface Body {
    void run() throws Exception;
  }

  private static Thread start(AtomicReference<@Nullable Throwable> failure, Body body) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                body.run();
              } catch (Throwable t) {
                failure.compareAndSet(null, t);
              }
            });
  }
}
