package dev.iobus.storage.wal;

import dev.iobus.storage.file.CorruptionException;

/// How a log ended, as recovery found it. Immutable.
public sealed interface WalTail {

  /// Where the log ends: just after the last frame that counts, all marks included.
  long at();

  /// The largest durable mark that was found; everything below it had been on stable storage.
  long durableMark();

  /// The log was closed, or had been idle: its last frame is a mark behind which nothing follows,
  /// or there was no log.
  record Clean(long at, long durableMark) implements WalTail {}

  /// The log ended without a mark, as a crash leaves it. What lay behind `at` was never
  /// acknowledged and is dropped.
  ///
  /// @param laterFrames frames that were readable behind `at` and are dropped nevertheless
  record Torn(long at, long durableMark, long laterFrames) implements WalTail {}

  /// Acknowledged bytes are damaged: what is readable ends before the durable mark.
  ///
  /// @param file path of the file in which the next frame should be
  /// @param offset where in that file it should be, in bytes
  record Corrupt(long at, long durableMark, String file, long offset) implements WalTail {

    CorruptionException exception() {
      return new CorruptionException(
          file,
          offset,
          ("no valid frame here: the log is readable up to LSN %d, but was durable up to LSN %d;"
                  + " Wal.salvage gives what can be read behind it too")
              .formatted(at, durableMark));
    }
  }
}
