package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.kv.Cursor;
import dev.iobus.kv.Store;
import dev.iobus.kv.WriteBatch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// What one writer of a child that will be killed does, step by step, so that the parent can tell
/// from the entries alone how many steps the store has kept.
///
/// Steps go round: put one key; write a batch of five keys; delete the key of two steps before. A
/// writer begins a step when the one before was acknowledged, so what is found must be the state
/// after some number of whole steps. Immutable.
final class CrashSteps {

  /// Above every module path, so that both ranges can be compared alone.
  static final String ROOT = "~crash/";

  private static final int BATCH_COUNT = 5;
  private static final int ROUND_TRIP = 3;
  private static final int VALUE_LENGTH_MIN = 100;
  private static final int VALUE_LENGTH_MAX = 2_000;

  private final String prefix;

  /// @param round how many children were killed before
  /// @param writer which writer of the child
  CrashSteps(int round, int writer) {
    this.prefix = String.format(Locale.ROOT, "%s%03d/%03d/", ROOT, round, writer);
  }

  /// Does step `step`; acknowledged when it returns.
  void apply(Store store, int step) throws IOException {
    switch (step % ROUND_TRIP) {
      case 0 -> store.put(putKey(step), value(putKey(step)));
      case 1 -> store.write(batch(step));
      case 2 -> store.delete(putKey(step - 2));
      default -> throw new IllegalArgumentException("negative step " + step);
    }
  }

  private WriteBatch batch(int step) {
    WriteBatch batch = new WriteBatch();
    for (int i = 0; i < BATCH_COUNT; i++) {
      byte[] key = batchKey(step, i);
      batch.put(key, value(key));
    }
    return batch;
  }

  /// What the store has kept of a writer's steps.
  ///
  /// @param writer whose steps
  /// @param steps how many, from the first on
  record Survived(CrashSteps writer, int steps) {

    /// Checks that exactly these steps are in the store.
    void check(Store store) throws IOException, MismatchException {
      String difference = writer.difference(store, steps);
      if (difference != null) {
        throw new MismatchException(difference);
      }
    }
  }

  /// Finds how many steps the store has kept, where the writer may have been in one step more
  /// than it had acknowledged.
  ///
  /// @param acknowledged how many steps the writer had seen acknowledged
  /// @throws MismatchException when the store holds neither state
  Survived findAcknowledged(Store store, int acknowledged) throws IOException, MismatchException {
    String without = difference(store, acknowledged);
    if (without == null) {
      return new Survived(this, acknowledged);
    }
    String with = difference(store, acknowledged + 1);
    if (with == null) {
      return new Survived(this, acknowledged + 1);
    }
    throw new MismatchException(
        acknowledged + " steps were acknowledged: " + without + "; nor was it one more: " + with);
  }

  /// Finds how many steps the store has kept, where any number may be lost but none in the middle.
  ///
  /// @throws MismatchException when the store holds no such state
  Survived findPrefix(Store store) throws IOException, MismatchException {
    int last = Math.max(lastStep(store, 'b'), lastStep(store, 'p'));
    String first = "";
    for (int steps = last + 1; steps <= last + 2; steps++) {
      String difference = difference(store, steps);
      if (difference == null) {
        return new Survived(this, steps);
      }
      first = first.isEmpty() ? difference : first;
    }
    throw new MismatchException("no prefix of the steps: " + first);
  }

  /// The largest step whose entries of that kind are there; −1 when there are none.
  private int lastStep(Store store, char kind) throws IOException {
    byte[] lower = utf8(prefix + kind);
    byte[] upper = utf8(prefix + (char) (kind + 1));
    try (Cursor cursor = store.cursor(lower, upper)) {
      if (!cursor.seekToLast()) {
        return -1;
      }
      String key = new String(cursor.key(), StandardCharsets.UTF_8);
      String number = key.substring(lower.length).split("/", 2)[0];
      return Integer.parseInt(number);
    }
  }

  /// Compares the store with the state after `steps` steps; null when it is that state.
  private @Nullable String difference(Store store, int steps) throws IOException {
    String after = prefix + " after " + steps + " steps: ";
    try (Cursor cursor = store.cursor(utf8(prefix), utf8(upperBound()))) {
      boolean more = cursor.seekToFirst();
      // In key order: all batches, then the put that may not be deleted yet.
      for (int step = 1; step < steps; step += ROUND_TRIP) {
        for (int i = 0; i < BATCH_COUNT; i++) {
          String wrong = differs(cursor, more, batchKey(step, i));
          if (wrong != null) {
            return after + wrong;
          }
          more = cursor.next();
        }
      }
      int lastPut = lastPut(steps);
      if (lastPut >= 0) {
        String wrong = differs(cursor, more, putKey(lastPut));
        if (wrong != null) {
          return after + wrong;
        }
        more = cursor.next();
      }
      return more ? after + "expected the end, found " + text(cursor.key()) : null;
    }
  }

  /// The least key above all of this writer's: the final slash becomes the character after it.
  private String upperBound() {
    return prefix.substring(0, prefix.length() - 1) + '0';
  }

  /// Bytes of keys and values that the writers of all killed children have left.
  static long bytesIn(Store store) throws IOException {
    String end = ROOT.substring(0, ROOT.length() - 1) + '0';
    long bytes = 0;
    try (Cursor cursor = store.cursor(utf8(ROOT), utf8(end))) {
      for (boolean more = cursor.seekToFirst(); more; more = cursor.next()) {
        bytes += cursor.key().length + cursor.value().length;
      }
    }
    return bytes;
  }

  /// The put that is not deleted after `steps` steps; −1 when there is none.
  private static int lastPut(int steps) {
    int inRound = steps % ROUND_TRIP;
    return inRound == 0 ? -1 : steps - inRound;
  }

  private static @Nullable String differs(Cursor cursor, boolean more, byte[] expected) {
    if (!more) {
      return "expected " + text(expected) + ", found the end";
    }
    if (!Arrays.equals(expected, cursor.key())) {
      return "expected " + text(expected) + ", found " + text(cursor.key());
    }
    return Arrays.equals(value(expected), cursor.value()) ? null : text(expected) + ": wrong value";
  }

  private byte[] putKey(int step) {
    return utf8(String.format(Locale.ROOT, "%sp%010d", prefix, step));
  }

  private byte[] batchKey(int step, int index) {
    return utf8(String.format(Locale.ROOT, "%sb%010d/%d", prefix, step, index));
  }

  /// The value that belongs to a key and to no other.
  private static byte[] value(byte[] key) {
    SplittableRandom random = new SplittableRandom(Arrays.hashCode(key));
    byte[] value = new byte[random.nextInt(VALUE_LENGTH_MIN, VALUE_LENGTH_MAX + 1)];
    random.nextBytes(value);
    return value;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] key) {
    return new String(key, StandardCharsets.UTF_8);
  }
}
