package dev.iobus.storage.simulation;

import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.WalStart;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What a log may give back: its records in order, from where it was released on, and how many of
/// them it has promised to keep.
///
/// Confined to the simulation that runs.
final class LogModel {

  /// @param end what the log gave as its end
  record Kept(byte[] bytes, long end) {}

  /// How a life has ended.
  enum End {
    CLOSED,
    /// The process is gone, power is not.
    KILLED,
    POWER_LOST
  }

  /// Records in the order of their places, whether or not anybody was told.
  private List<Kept> records = new ArrayList<>();

  // How many of them were acknowledged: prefixes.
  private int written;
  private int durable;

  /// What one damaged place cannot take away: a record that is durable, too, and was begun when it was,
  /// tells of it. Two cannot what two such records tell of.
  private int vouched;

  private int vouchedTwice;

  private WalStart start = WalStart.NEW;

  /// What the owner of the log remembers, durably.
  WalStart start() {
    return start;
  }

  /// What was safe when a record was begun: ends of records.
  ///
  /// @param durable of those that were durable
  /// @param vouched of those that one damaged place could not take
  record Safe(long durable, long vouched) {}

  /// A record has its place.
  Safe reserved(byte[] bytes, long end) {
    records.add(new Kept(bytes, end));
    return new Safe(endOf(durable), endOf(vouched));
  }

  private long endOf(int count) {
    return count == 0 ? 0 : records.get(count - 1).end;
  }

  private int countUpTo(long end) {
    int count = 0;
    while (count < records.size() && records.get(count).end <= end) {
      count++;
    }
    return count;
  }

  /// Everything up to a record has that durability.
  ///
  /// @param end of the record
  /// @param safe what was safe when it was begun
  void acknowledged(long end, Durability durability, Safe safe) {
    int count = countUpTo(end);
    if (durability != Durability.BUFFERED) {
      written = Math.max(written, count);
    }
    if (durability == Durability.SYNCED) {
      durable = Math.max(durable, count);
      vouched = Math.max(vouched, countUpTo(safe.durable));
      vouchedTwice = Math.max(vouchedTwice, countUpTo(safe.vouched));
    }
  }

  /// The owner notes that it needs nothing of what is durable any more. Returns from where it does.
  long release(long durableMark) {
    if (durable > 0) {
      start = new WalStart(records.get(durable - 1).end, Math.max(start.durableMark(), durableMark));
      records = new ArrayList<>(records.subList(durable, records.size()));
      written -= durable;
      vouched = 0;
      vouchedTwice = 0;
      durable = 0;
    }
    return start.lsn();
  }

  /// How much of a log the device may have damaged.
  enum Lies {
    NONE,
    /// One place.
    ONE,
    TWO,
    /// So much that its end may be anywhere.
    MANY
  }

  /// Checks what a log has given back, which is what it has from then on.
  void recovered(List<Kept> found, End end, Lies lies) {
    int promised =
        switch (end) {
          case CLOSED -> records.size();
          case KILLED -> written;
          case POWER_LOST -> durable;
        };
    int least =
        switch (lies) {
          case NONE -> promised;
          case ONE -> Math.min(promised, vouched);
          case TWO -> Math.min(promised, vouchedTwice);
          case MANY -> 0;
        };
    if (found.size() > records.size() || found.size() < least) {
      throw new AssertionError(
          found.size() + " records came back of " + records.size() + "; " + least
              + " had to, after the log was " + end + " and " + lies + " of it damaged");
    }
    for (int i = 0; i < found.size(); i++) {
      if (!Arrays.equals(records.get(i).bytes, found.get(i).bytes)) {
        throw new AssertionError("record " + i + " came back as another");
      }
    }
    records = new ArrayList<>(found);
    written = found.size();
    durable = found.size();
    // Whoever has opened the log has written down where it ends.
    vouchedTwice = Math.min(Math.max(vouched, vouchedTwice), found.size());
    vouched = found.size();
  }
}
