package dev.iobus.bench.workload;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.subject.Change;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.Subject.Direction;
import dev.iobus.bench.subject.Sync;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One call of a subject each, with its check. The stopwatch is stopped before the check; every
/// method returns the bytes of keys and values that were moved. Thread-safe.
final class Operations {

  private final Subject subject;
  private final Records records;
  private final WriteHistory history;
  private final Sync sync;

  /// @param sync what writes wait for
  Operations(Subject subject, Records records, WriteHistory history, Sync sync) {
    this.subject = subject;
    this.records = records;
    this.history = history;
    this.sync = sync;
  }

  /// Writes the next version of a record.
  long put(int number, Stopwatch watch) throws IOException {
    int version = history.begin(number);
    subject.put(records.key(number), records.value(number, version), sync);
    watch.stop();
    history.end(number);
    return records.length();
  }

  /// Writes the next versions of the records `first` to `first + count` − 1 as one.
  long putBatch(int first, int count, Stopwatch watch) throws IOException {
    return putAll(first, count, i -> i, watch);
  }

  /// Which record a place in an order stands for.
  @FunctionalInterface
  interface Order {
    int at(int index);
  }

  /// Writes the records at the places `first` to `first + count` − 1 of an order as one.
  long putAll(int first, int count, Order order, Stopwatch watch) throws IOException {
    List<Change> changes = new ArrayList<>(count);
    for (int i = first; i < first + count; i++) {
      int number = order.at(i);
      int version = history.begin(number);
      changes.add(new Change(records.key(number), records.value(number, version)));
    }
    subject.write(changes, sync);
    watch.stop();
    watch.count(count);
    for (int i = first; i < first + count; i++) {
      history.end(order.at(i));
    }
    return (long) count * records.length();
  }

  /// Deletes the records `first` to `first + count` − 1 as one.
  void deleteRange(int first, int count) throws IOException {
    List<Change> changes = new ArrayList<>(count);
    for (int i = first; i < first + count; i++) {
      history.beginDelete(i);
      changes.add(new Change(records.key(i), null));
    }
    subject.write(changes, sync);
    for (int i = first; i < first + count; i++) {
      history.endDelete(i);
    }
  }

  long delete(int number, Stopwatch watch) throws IOException {
    history.beginDelete(number);
    subject.delete(records.key(number), sync);
    watch.stop();
    history.endDelete(number);
    return records.keyLength();
  }

  long get(int number, Stopwatch watch) throws IOException, MismatchException {
    long before = history.before(number);
    byte[] found = subject.get(records.key(number));
    watch.stop();
    return check(number, before, found);
  }

  private long check(int number, long before, byte @Nullable [] found) throws MismatchException {
    if (found == null) {
      history.checkAbsent(number, before);
      return records.keyLength();
    }
    history.check(number, before, records.versionOf(number, found));
    return records.length();
  }

  long getMissing(int number, Stopwatch watch) throws IOException, MismatchException {
    byte[] found = subject.get(records.missingKey(number));
    watch.stop();
    if (found != null) {
      throw new MismatchException("found a value at a key behind record " + number);
    }
    return records.keyLength() + 1L;
  }

  /// Gets several records in one call.
  long multiGet(int[] numbers, Stopwatch watch) throws IOException, MismatchException {
    List<byte[]> keys = new ArrayList<>(numbers.length);
    long[] before = new long[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      keys.add(records.key(numbers[i]));
      before[i] = history.before(numbers[i]);
    }
    List<byte @Nullable []> found = subject.multiGet(keys);
    watch.stop();
    watch.count(numbers.length);
    if (found.size() != numbers.length) {
      throw new MismatchException(
          "asked for " + numbers.length + " values, found " + found.size());
    }
    long bytes = 0;
    for (int i = 0; i < numbers.length; i++) {
      bytes += check(numbers[i], before[i], found.get(i));
    }
    return bytes;
  }

  /// Gets a record and writes it again.
  long readModifyWrite(int number, Stopwatch watch) throws IOException, MismatchException {
    long before = history.before(number);
    byte[] key = records.key(number);
    byte[] found = subject.get(key);
    int version = history.begin(number);
    subject.put(key, records.value(number, version), sync);
    watch.stop();
    history.end(number);
    return check(number, before, found) + records.length();
  }

  /// Walks over at most `limit` entries from record `from` on; an operation is the whole walk.
  long walk(int from, Direction direction, int limit, Stopwatch watch) throws Exception {
    WalkCheck check = new WalkCheck(records, history, from, direction);
    subject.scan(records.key(from), direction, limit, check);
    watch.stop();
    check.end(limit);
    return check.bytes();
  }

  /// As [#walk], where every entry is an operation.
  long walkCounting(int from, Direction direction, int limit, Stopwatch watch) throws Exception {
    WalkCheck check = new WalkCheck(records, history, from, direction);
    long met = subject.scan(records.key(from), direction, limit, check);
    watch.stop();
    watch.count(met);
    check.end(limit);
    return check.bytes();
  }
}
