package dev.iobus.kv.simulation;

import dev.iobus.kv.Cursor;
import dev.iobus.kv.Snapshot;
import dev.iobus.kv.Store;
import dev.iobus.kv.ValueLease;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads all of a store in every way that it offers, and insists that all agree. A state is as in
/// [History]. Stateless.
final class Contents {

  private Contents() {}

  /// What the store holds while nobody writes.
  ///
  /// @throws AssertionError when two ways disagree, or a value is there that nobody wrote
  static History.Found of(Store store, History history) throws IOException {
    int[] state;
    try (Cursor cursor = store.cursor()) {
      state = forward(cursor, history);
      requireSame(state, backward(cursor, history), "backward");
    }
    requireSame(state, single(store, history), "get");
    requireSame(state, together(store, history), "multiGet");
    requireSame(state, lent(store, history), "lookup");
    try (Snapshot snapshot = store.snapshot()) {
      return new History.Found(state, snapshot.sequence());
    }
  }

  /// Insists that a client gets its own keys as it has left them, while others write theirs.
  ///
  /// @param expected the state after its last batch
  static void requireOwn(Store store, History history, int client, int[] expected)
      throws IOException {
    requireOwn(expected, single(store, history), client, history.clients(), "get");
    requireOwn(expected, together(store, history), client, history.clients(), "multiGet");
    requireOwn(expected, lent(store, history), client, history.clients(), "lookup");
  }

  private static void requireOwn(
      int[] expected, int[] state, int client, int clients, String way) {
    for (int key = client; key < Entries.KEYS; key += clients) {
      require(
          state[key] == expected[key],
          way + " sees batch " + state[key] + " under key " + key + ", not " + expected[key]);
    }
  }

  /// What a snapshot sees.
  static History.Found of(Store store, Snapshot snapshot, History history) throws IOException {
    int[] state;
    try (Cursor cursor = store.cursor(null, null, snapshot)) {
      state = forward(cursor, history);
      requireSame(state, backward(cursor, history), "backward");
    }
    int[] single = new int[Entries.KEYS];
    for (int key = 0; key < Entries.KEYS; key++) {
      single[key] = numberOf(history, key, store.get(Entries.key(key), snapshot));
    }
    requireSame(state, single, "get");
    return new History.Found(state, snapshot.sequence());
  }

  private static int[] forward(Cursor cursor, History history) throws IOException {
    int[] state = new int[Entries.KEYS];
    int last = -1;
    for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
      int key = Entries.keyOf(cursor.key());
      require(key > last, "key " + key + " after " + last);
      last = key;
      state[key] = history.numberOf(key, cursor.value());
    }
    return state;
  }

  private static int[] backward(Cursor cursor, History history) throws IOException {
    int[] state = new int[Entries.KEYS];
    int last = Entries.KEYS;
    for (boolean more = cursor.seekToLast(); more; more = cursor.previous()) {
      int key = Entries.keyOf(cursor.key());
      require(key < last, "key " + key + " before " + last);
      last = key;
      state[key] = history.numberOf(key, cursor.value());
    }
    return state;
  }

  private static int[] single(Store store, History history) throws IOException {
    int[] state = new int[Entries.KEYS];
    for (int key = 0; key < Entries.KEYS; key++) {
      state[key] = numberOf(history, key, store.get(Entries.key(key)));
    }
    return state;
  }

  private static int[] together(Store store, History history) throws IOException {
    List<byte[]> keys = new ArrayList<>();
    for (int key = 0; key < Entries.KEYS; key++) {
      keys.add(Entries.key(key));
    }
    List<byte @Nullable []> values = store.multiGet(keys);
    int[] state = new int[Entries.KEYS];
    for (int key = 0; key < Entries.KEYS; key++) {
      state[key] = numberOf(history, key, values.get(key));
    }
    return state;
  }

  private static int[] lent(Store store, History history) throws IOException {
    int[] state = new int[Entries.KEYS];
    for (int key = 0; key < Entries.KEYS; key++) {
      try (ValueLease lease = store.lookup(MemorySegment.ofArray(Entries.key(key)))) {
        byte[] value = lease == null ? null : lease.segment().toArray(ValueLayout.JAVA_BYTE);
        state[key] = numberOf(history, key, value);
      }
    }
    return state;
  }

  private static int numberOf(History history, int key, byte @Nullable [] value) {
    return value == null ? 0 : history.numberOf(key, value);
  }

  private static void requireSame(int[] state, int[] other, String way) {
    require(
        Arrays.equals(state, other),
        way + " sees " + Arrays.toString(other) + ", a scan " + Arrays.toString(state));
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new AssertionError(message);
    }
  }
}
