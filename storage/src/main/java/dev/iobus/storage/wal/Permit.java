package dev.iobus.storage.wal;

/// The right to reserve one record, with the room for it. Used up by [Wal#reserve]; who does not
/// reserve closes it, or the room stays taken. Confined to its owner.
public sealed interface Permit extends AutoCloseable permits Reservation {

  /// Gives the room back; does nothing after [Wal#reserve] or another close.
  @Override
  void close();
}
