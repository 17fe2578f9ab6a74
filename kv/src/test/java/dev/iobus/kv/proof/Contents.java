package dev.iobus.kv.proof;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.iobus.kv.Cursor;
import dev.iobus.kv.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Everything a store holds, read in every way the store offers: forward, backward, key by key
/// and many keys at a time. Keys are shown one character a byte, whose order is the store's.
final class Contents {

  private static final int KEYS_PER_MULTI_GET = 64;

  private Contents() {}

  static byte[] key(String key) {
    return key.getBytes(ISO_8859_1);
  }

  /// Reads all of the store.
  ///
  /// @throws AssertionError when two ways of reading disagree, or keys come out of order
  /// @throws IOException what the store throws
  static SortedMap<String, byte[]> read(Store store) throws IOException {
    TreeMap<String, byte[]> all = new TreeMap<>();
    readInto(all, store);
    return all;
  }

  /// As [#read], but what was read before an error remains in `all`.
  ///
  /// @param all empty
  static void readInto(SortedMap<String, byte[]> all, Store store) throws IOException {
    try (Cursor cursor = store.cursor()) {
      for (boolean valid = cursor.seekToFirst(); valid; valid = cursor.next()) {
        String key = new String(cursor.key(), ISO_8859_1);
        if (!all.isEmpty() && all.lastKey().compareTo(key) >= 0) {
          throw new AssertionError("forward, " + key + " comes after " + all.lastKey());
        }
        all.put(key, cursor.value());
      }
      int backward = 0;
      String above = null;
      for (boolean valid = cursor.seekToLast(); valid; valid = cursor.previous()) {
        String key = new String(cursor.key(), ISO_8859_1);
        if (above != null && above.compareTo(key) <= 0) {
          throw new AssertionError("backward, " + key + " comes after " + above);
        }
        requireSame("backward", key, all.get(key), cursor.value());
        above = key;
        backward++;
      }
      if (backward != all.size()) {
        throw new AssertionError(all.size() + " entries forward, " + backward + " backward");
      }
    }
    List<byte[]> keys = new ArrayList<>();
    for (Map.Entry<String, byte[]> entry : all.entrySet()) {
      byte[] key = key(entry.getKey());
      requireSame("get", entry.getKey(), entry.getValue(), store.get(key));
      keys.add(key);
      if (keys.size() == KEYS_PER_MULTI_GET) {
        requireMultiGet(store, keys, all);
        keys.clear();
      }
    }
    requireMultiGet(store, keys, all);
  }

  /// Says where two contents differ, or null when they are equal.
  static @Nullable String difference(Map<String, byte[]> expected, Map<String, byte[]> found) {
    for (Map.Entry<String, byte[]> entry : expected.entrySet()) {
      byte[] value = found.get(entry.getKey());
      if (value == null) {
        return entry.getKey() + " is missing";
      }
      if (!Arrays.equals(entry.getValue(), value)) {
        return entry.getKey() + " has another value";
      }
    }
    for (String key : found.keySet()) {
      if (!expected.containsKey(key)) {
        return key + " should not be there";
      }
    }
    return null;
  }

  private static void requireMultiGet(Store store, List<byte[]> keys, Map<String, byte[]> all)
      throws IOException {
    List<byte @Nullable []> values = store.multiGet(keys);
    if (values.size() != keys.size()) {
      throw new AssertionError(keys.size() + " keys asked, " + values.size() + " values given");
    }
    for (int i = 0; i < keys.size(); i++) {
      String key = new String(keys.get(i), ISO_8859_1);
      requireSame("multiGet", key, all.get(key), values.get(i));
    }
  }

  private static void requireSame(
      String way, String key, byte @Nullable [] expected, byte @Nullable [] found) {
    if (!Arrays.equals(expected, found)) {
      throw new AssertionError(way + " and the forward cursor disagree on " + key);
    }
  }
}
