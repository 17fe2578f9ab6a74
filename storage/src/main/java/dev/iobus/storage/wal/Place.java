package dev.iobus.storage.wal;

import java.lang.foreign.MemorySegment;

/// One reserved record: where it lies in the log, and the memory to put its bytes into. Every
/// place must be filled, and soon: the log writes nothing behind it before. Confined to its owner.
public sealed interface Place permits Reservation {

  /// Where the record begins in the log.
  long lsn();

  /// Just after the record: what to give to [Wal#await].
  long end();

  /// Copies payload bytes to `position` within the record. Never blocks.
  ///
  /// @throws IndexOutOfBoundsException when the bytes do not fit into the record
  /// @throws IllegalStateException after [#fill()]
  void put(long position, MemorySegment from, long fromOffset, long length);

  /// Says that all bytes were put, and computes the checksum; after it only [#lsn()] and [#end()]
  /// may be called. Does not wait for any I/O.
  ///
  /// @throws IllegalStateException when called twice
  void fill();

  /// Says that the bytes will never be put, as when the caller has failed in between; does nothing
  /// after [#fill()]. Nothing can be written behind the place, so that the log fails: every other
  /// caller gets a [WalFailedException].
  void abandon();
}
