package dev.iobus.storage.wal;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Takes the records that recovery found, in LSN order.
@FunctionalInterface
public interface RecordConsumer {

  /// Takes the next record.
  ///
  /// @param lsn where the record begins
  /// @param end just after the record
  /// @param payload the record's bytes, valid during the call only
  /// @throws IOException to end the recovery with that failure
  void record(long lsn, long end, MemorySegment payload) throws IOException;
}
