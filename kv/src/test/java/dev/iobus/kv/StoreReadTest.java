package dev.iobus.kv;

import static dev.iobus.kv.StoreTest.bytes;
import static dev.iobus.kv.StoreTest.small;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a reader sees of a store, alone or with others: snapshots, cursors, leases; and after its end.
class StoreReadTest {

  @TempDir Path directory;

  @Test
  void aSnapshotKeepsWhatItSeesThroughFlushAndCompaction() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("a"), bytes("old"));
      store.put(bytes("gone"), bytes("old"));
      try (Snapshot snapshot = store.snapshot();
          Cursor cursor = store.cursor(null, null, snapshot)) {
        store.put(bytes("a"), bytes("new"));
        store.delete(bytes("gone"));
        store.put(bytes("z"), bytes("new"));
        store.compact();
        assertArrayEquals(bytes("old"), store.get(bytes("a"), snapshot));
        assertArrayEquals(bytes("old"), store.get(bytes("gone"), snapshot));
        assertNull(store.get(bytes("z"), snapshot));
        assertArrayEquals(bytes("new"), store.get(bytes("a")));
        assertNull(store.get(bytes("gone")));
        assertTrue(cursor.seekToFirst());
        assertArrayEquals(bytes("old"), cursor.value());
        assertTrue(cursor.next());
        assertArrayEquals(bytes("gone"), cursor.key());
        assertFalse(cursor.next());
      }
      store.compact();
      assertEquals(2, store.verify().entries());
    }
  }

  @Test
  void aCursorKeepsToItsBounds() throws IOException {
    try (Store store = Store.open(directory, small())) {
      for (char c = 'a'; c <= 'z'; c++) {
        store.put(bytes("" + c), bytes("" + c));
      }
      try (Cursor cursor = store.cursor(bytes("f"), bytes("k"))) {
        assertFalse(cursor.isValid());
        assertTrue(cursor.seekToFirst());
        assertArrayEquals(bytes("f"), cursor.key());
        assertTrue(cursor.seekToLast());
        assertArrayEquals(bytes("j"), cursor.key());
        assertFalse(cursor.next());
        assertTrue(cursor.seek(bytes("a")));
        assertArrayEquals(bytes("f"), cursor.key());
        assertFalse(cursor.seek(bytes("k")));
        assertTrue(cursor.seekForPrevious(bytes("zz")));
        assertArrayEquals(bytes("j"), cursor.key());
        assertTrue(cursor.seekForPrevious(bytes("gg")));
        assertArrayEquals(bytes("g"), cursor.keySegment().toArray(ValueLayout.JAVA_BYTE));
        assertTrue(cursor.previous());
        assertArrayEquals(bytes("f"), cursor.valueSegment().toArray(ValueLayout.JAVA_BYTE));
        assertFalse(cursor.previous());
      }
    }
  }

  @Test
  void multiGetFindsInMemoryAndInTables() throws IOException {
    try (Store store = Store.open(directory, small())) {
      List<byte[]> keys = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        keys.add(bytes("key" + i));
        if (i % 3 != 0) {
          store.put(keys.get(i), bytes("value" + i));
        }
        if (i == 200 || i == 400) {
          store.flush();
        }
      }
      store.delete(keys.get(1));
      List<byte @Nullable []> values = store.multiGet(keys);
      assertEquals(600, values.size());
      for (int i = 0; i < 600; i++) {
        byte[] expected = i % 3 == 0 || i == 1 ? null : bytes("value" + i);
        assertArrayEquals(expected, values.get(i), "key" + i);
      }
      assertEquals(List.of(), store.multiGet(List.of()));
    }
  }

  @Test
  void aLeaseLendsFromMemtableAndTableAndEndsWithClose() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("k"), bytes("value"));
      for (int round = 0; round < 2; round++) {
        ValueLease lease = Objects.requireNonNull(store.lookup(MemorySegment.ofArray(bytes("k"))));
        MemorySegment segment = lease.segment();
        assertArrayEquals(bytes("value"), segment.toArray(ValueLayout.JAVA_BYTE));
        lease.close();
        lease.close();
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        assertThrows(IllegalStateException.class, lease::segment);
        store.flush();
      }
      assertNull(store.lookup(MemorySegment.ofArray(bytes("absent"))));
    }
  }

  @Test
  void aLeaseOutlivesItsStore() throws IOException {
    Store store = Store.open(directory, small());
    store.put(bytes("a"), bytes("in a table"));
    store.flush();
    store.put(bytes("b"), bytes("in memory"));
    ValueLease a = Objects.requireNonNull(store.lookup(MemorySegment.ofArray(bytes("a"))));
    ValueLease b = Objects.requireNonNull(store.lookup(MemorySegment.ofArray(bytes("b"))));
    store.close();
    assertArrayEquals(bytes("in a table"), a.segment().toArray(ValueLayout.JAVA_BYTE));
    assertArrayEquals(bytes("in memory"), b.segment().toArray(ValueLayout.JAVA_BYTE));
    try (Store again = Store.open(directory, small())) {
      assertArrayEquals(bytes("in memory"), again.get(bytes("b")));
    }
    a.close();
    b.close();
  }

  @Test
  void nothingOfAStoreIsUsedAfterItsClose() throws IOException {
    Store store = Store.open(directory, small());
    store.put(bytes("k"), bytes("v"));
    store.flush();
    Snapshot snapshot = store.snapshot();
    Cursor cursor = store.cursor();
    assertTrue(cursor.seekToFirst());
    MemorySegment key = cursor.keySegment();
    store.close();
    store.close();
    assertThrows(IllegalStateException.class, () -> store.put(bytes("k"), bytes("v")));
    assertThrows(IllegalStateException.class, () -> store.delete(bytes("k")));
    assertThrows(IllegalStateException.class, () -> store.get(bytes("k")));
    assertThrows(IllegalStateException.class, () -> store.get(bytes("k"), snapshot));
    assertThrows(IllegalStateException.class, () -> store.multiGet(List.of(bytes("k"))));
    assertThrows(IllegalStateException.class, () -> store.lookup(MemorySegment.ofArray(bytes("k"))));
    assertThrows(IllegalStateException.class, store::cursor);
    assertThrows(IllegalStateException.class, store::snapshot);
    assertThrows(IllegalStateException.class, store::flush);
    assertThrows(IllegalStateException.class, store::compact);
    assertThrows(IllegalStateException.class, store::sync);
    assertThrows(IllegalStateException.class, store::verify);
    assertThrows(IllegalStateException.class, store::stats);
    assertThrows(IllegalStateException.class, cursor::next);
    assertThrows(IllegalStateException.class, cursor::isValid);
    assertThrows(IllegalStateException.class, cursor::seekToFirst);
    assertArrayEquals(bytes("k"), key.toArray(ValueLayout.JAVA_BYTE));
    cursor.close();
    snapshot.close();
  }

  @Test
  void closedCursorsAndSnapshotsAreRefused() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("k"), bytes("v"));
      Snapshot snapshot = store.snapshot();
      snapshot.close();
      snapshot.close();
      assertThrows(IllegalStateException.class, () -> store.get(bytes("k"), snapshot));
      assertThrows(IllegalStateException.class, () -> store.cursor(null, null, snapshot));
      Cursor cursor = store.cursor();
      assertThrows(IllegalStateException.class, cursor::next);
      assertThrows(IllegalStateException.class, cursor::key);
      cursor.close();
      cursor.close();
      assertThrows(IllegalStateException.class, cursor::seekToFirst);
      assertThrows(IllegalStateException.class, cursor::value);
    }
  }
}
