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

  private WalStart start = WalStart.NEW;

  /// What the owner of the log remembers, durably.
  WalStart start() {
    return start;
  }

  /// A record has its place. Returns what to acknowledge.
  int reserved(byte[] bytes, long end) {
    records.add(new Kept(bytes, end));
    return records.size();
  }

  /// Everything up to a record has that durability.
  ///
  /// @param end of the record
  void acknowledged(long end, Durability durability) {
    int count = 0;
    while (count < records.size() && records.get(count).end <= end) {
      count++;
    }
    if (durability != Durability.BUFFERED) {
      written = Math.max(written, count);
    }
    if (durability == Durability.SYNCED) {
      durable = Math.max(durable, count);
    }
  }

  /// The owner notes that it needs nothing of what is durable any more. Returns from where it does.
  long release(long durableMark) {
    if (durable > 0) {
      start = new WalStart(records.get(durable - 1).end, Math.max(start.durableMark(), durableMark));
      records = new ArrayList<>(records.subList(durable, records.size()));
      written -= durable;
      durable = 0;
    }
    return start.lsn();
  }

  /// Checks what a log has given back, which is what it has from then on.
  ///
  /// @param mayMiss whether its end may be gone, as the device has lied
  void recovered(List<Kept> found, End end, boolean mayMiss) {
    int least =
        switch (end) {
          case CLOSED -> records.size();
          case KILLED -> written;
          case POWER_LOST -> durable;
        };
    if (found.size() > records.size() || (found.size() < least && !mayMiss)) {
      throw new AssertionError(
          found.size() + " records came back of " + records.size() + "; " + least
              + " had to, after the log was " + end);
    }
    for (int i = 0; i < found.size(); i++) {
      if (!Arrays.equals(records.get(i).bytes, found.get(i).bytes)) {
        throw new AssertionError("record " + i + " came back as another");
      }
    }
    records = new ArrayList<>(found);
    written = found.size();
    durable = found.size();
  }
}
