package dev.iobus.bench.workload;

import dev.iobus.bench.measure.MismatchException;
import java.util.concurrent.atomic.AtomicLongArray;

/// Which versions of each record a right answer may have. Thread-safe.
///
/// Writes of one record may overlap; those that do form a group, and the store may keep any of them.
/// While no write is in flight, an answer must be of the last group, and a reader that began after
/// that group had ended must see it. One word a record:
///
/// ```
/// bits 63..38 issued: versions handed out (26 bits)
/// bits 37..12 mark:   the first version of the last group; 0: never written (26 bits)
/// bits 11..0  flying: writes in flight (12 bits)
/// ```
public final class WriteHistory {

  /// More versions of one record than this cannot be told apart.
  private static final int VERSION_BITS = 26;
  private static final int FLYING_BITS = 12;
  private static final long VERSION_MAX = (1L << VERSION_BITS) - 1;
  private static final long FLYING_MAX = (1L << FLYING_BITS) - 1;

  /// The word of a record whose deletion was acknowledged.
  private static final long GONE = -1;

  /// The version that loaded records have.
  public static final int LOADED = 1;

  private final AtomicLongArray words;

  /// A history in which no record was written.
  ///
  /// @param count records, at least 1
  public WriteHistory(int count) {
    words = new AtomicLongArray(count);
  }

  /// How many records it can follow.
  public int count() {
    return words.length();
  }

  /// The records 0 to `count` − 1 have been loaded, in version [#LOADED].
  public void loaded(int count) {
    long word = word(LOADED, LOADED, 0);
    for (int i = 0; i < count; i++) {
      words.setPlain(i, word);
    }
  }

  /// A write of record `index` begins; returns its version. [#end(int)] must follow.
  public int begin(int index) {
    while (true) {
      long word = words.get(index);
      long version = issued(word) + 1;
      if (version > VERSION_MAX || flying(word) == FLYING_MAX) {
        throw new IllegalStateException(
            "record " + index + " is written more often than the harness can follow");
      }
      long mark = flying(word) == 0 ? version : mark(word);
      if (words.compareAndSet(index, word, word(version, mark, flying(word) + 1))) {
        return (int) version;
      }
    }
  }

  /// A write of record `index` was acknowledged.
  public void end(int index) {
    words.addAndGet(index, -1);
  }

  /// A deletion of record `index` begins; deleted records are not written again.
  /// [#endDelete(int)] must follow.
  public void beginDelete(int index) {
    words.updateAndGet(index, word -> word == GONE ? GONE : word + 1);
  }

  /// A deletion of record `index` was acknowledged.
  public void endDelete(int index) {
    words.set(index, GONE);
  }

  /// Whether the deletion of record `index` was acknowledged.
  public boolean isGone(int index) {
    return words.get(index) == GONE;
  }

  /// Whether nothing but record `index` itself can be found at its key: it was written, and nothing
  /// is in flight that could have removed it.
  public boolean isSettled(int index) {
    long word = words.get(index);
    return word != GONE && flying(word) == 0 && mark(word) > 0;
  }

  /// What is known of a record before it is read; give it to [#check] with the answer.
  public long before(int index) {
    return words.get(index);
  }

  /// Whether any write of record `index` has begun.
  public boolean isWritten(int index) {
    return issued(words.get(index)) > 0;
  }

  /// Checks that a reader may find `version` of record `index`.
  ///
  /// @param before what [#before(int)] gave when the read began
  public void check(int index, long before, int version) throws MismatchException {
    if (before == GONE) {
      throw new MismatchException(
          "record " + index + " was deleted, but version " + version + " was found");
    }
    long least = flying(before) == 0 ? mark(before) : 0;
    long most = issued(words.get(index));
    if (version < Math.max(1, least) || version > most) {
      throw new MismatchException(
          "record " + index + ": expected version " + least + " to " + most + ", found " + version);
    }
  }

  /// Checks that a walk over the store may meet `version` of record `index`. It sees the store as
  /// of its begin, so that any version may be met that was there once.
  public void checkMet(int index, int version) throws MismatchException {
    long most = issued(words.get(index));
    if (version < 1 || version > most) {
      throw new MismatchException(
          "record " + index + ": expected version 1 to " + most + ", found " + version);
    }
  }

  /// Checks that a reader may find no record `index`.
  ///
  /// @param before what [#before(int)] gave when the read began
  public void checkAbsent(int index, long before) throws MismatchException {
    if (before != GONE && flying(before) == 0 && mark(before) > 0) {
      throw new MismatchException(
          "record " + index + ": expected version " + mark(before) + " or later, found nothing");
    }
  }

  private static long word(long issued, long mark, long flying) {
    return issued << (VERSION_BITS + FLYING_BITS) | mark << FLYING_BITS | flying;
  }

  private static long issued(long word) {
    return word >>> (VERSION_BITS + FLYING_BITS);
  }

  private static long mark(long word) {
    return word >>> FLYING_BITS & VERSION_MAX;
  }

  private static long flying(long word) {
    return word & FLYING_MAX;
  }
}
