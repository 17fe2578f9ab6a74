package dev.iobus.storage.wal;

/// What the owner of a log remembers of it in a durable place.
///
/// @param lsn the first LSN whose record is still needed: 0, or what [Place#lsn()], [Place#end()]
///     or [Wal#tail()] gave; everything below it had been written ([Durability#WRITTEN]) before it
///     was remembered, so that the log has a file for it
/// @param durableMark an LSN below which everything was durable, the largest that the owner knows;
///     0 when it knows none
public record WalStart(long lsn, long durableMark) {

  /// The start of a log that does not exist yet.
  public static final WalStart NEW = new WalStart(0, 0);

  /// Checks both.
  ///
  /// @throws IllegalArgumentException when one is negative
  public WalStart {
    if (lsn < 0 || durableMark < 0) {
      throw new IllegalArgumentException("negative: lsn " + lsn + ", mark " + durableMark);
    }
  }
}
