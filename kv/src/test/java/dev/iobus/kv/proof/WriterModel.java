package dev.iobus.kv.proof;

import dev.iobus.kv.proof.Workload.Change;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the keys of one writer hold after so many of its operations: for each key the number of
/// the operation that wrote it last. Confined to one thread.
final class WriterModel {

  private final int writer;
  private final Map<String, Long> stamps = new HashMap<>();
  private long applied;

  WriterModel(int writer) {
    this.writer = writer;
  }

  /// The operations whose effects, and no others, the model shows.
  long applied() {
    return applied;
  }

  /// A run of operation numbers after any of which the store could look as it was found.
  /// More than one number when a put and its delete cancel out.
  record Match(long first, long last) {}

  /// Finds after how many operations the writer's keys look exactly like `found`, and moves the
  /// model there.
  ///
  /// @param found the keys of this writer, each with the number of the operation that wrote it
  /// @param from the least number allowed, at least [#applied()]
  /// @param to the largest number allowed
  /// @throws AssertionError when after no number of operations the keys look like that
  Match matchAndAdvance(Map<String, Long> found, long from, long to) {
    if (from < applied) {
      throw new IllegalArgumentException("from " + from + " is before " + applied);
    }
    while (applied < from) {
      advance();
    }
    String firstDifference = firstDifference(found);
    Set<String> differing = differing(found);
    WriterModel matched = differing.isEmpty() ? copy() : null;
    long last = applied;
    while (applied < to) {
      for (String key : advance()) {
        if (Objects.equals(stamps.get(key), found.get(key))) {
          differing.remove(key);
        } else {
          differing.add(key);
        }
      }
      if (differing.isEmpty()) {
        last = applied;
        if (matched == null) {
          matched = copy();
        }
      }
    }
    if (matched == null) {
      throw new AssertionError(
          "the keys of writer " + writer + " look like no prefix of its operations that ends at "
              + from + " to " + to + "; at " + from + ": " + firstDifference + "; at " + to + ": "
              + firstDifference(found));
    }
    stamps.clear();
    stamps.putAll(matched.stamps);
    applied = matched.applied;
    return new Match(applied, last);
  }

  /// Applies the next operation; returns the keys that it touched.
  private Set<String> advance() {
    Set<String> keys = new HashSet<>();
    applied++;
    for (Change change : Workload.operation(writer, applied)) {
      if (change.isDelete()) {
        stamps.remove(change.key());
      } else {
        stamps.put(change.key(), applied);
      }
      keys.add(change.key());
    }
    return keys;
  }

  private Set<String> differing(Map<String, Long> found) {
    Set<String> keys = new HashSet<>(stamps.keySet());
    keys.addAll(found.keySet());
    keys.removeIf(key -> Objects.equals(stamps.get(key), found.get(key)));
    return keys;
  }

  private String firstDifference(Map<String, Long> found) {
    Set<String> keys = differing(found);
    if (keys.isEmpty()) {
      return "equal";
    }
    String key = keys.iterator().next();
    return keys.size() + " keys differ, such as " + key + ": expected "
        + describe(stamps.get(key)) + ", found " + describe(found.get(key));
  }

  private static String describe(@Nullable Long number) {
    return number == null ? "absent" : "operation " + number;
  }

  private WriterModel copy() {
    WriterModel copy = new WriterModel(writer);
    copy.stamps.putAll(stamps);
    copy.applied = applied;
    return copy;
  }
}
