package dev.iobus.storage.wal;

import java.util.List;

/// What [Wal#salvage] could read of a log, and what it could not. Immutable.
///
/// @param records how many were given to the consumer
/// @param end the LSN behind the last of them, or behind a mark of the log that follows it; where
///     reading began when there is none
/// @param durableMark the largest durable mark that was found: everything below it had been on
///     stable storage. Records that end above it may never have been acknowledged.
/// @param gaps where records may be missing, in LSN order; empty for a log that is whole
public record Salvaged(long records, long end, long durableMark, List<Gap> gaps) {

  /// Copies the list.
  public Salvaged {
    gaps = List.copyOf(gaps);
  }

  /// A run of the log of which no record could be given. It may have held one, many, or, where only
  /// what lies between records was lost, none.
  ///
  /// @param from the LSN behind what was given before
  /// @param to the LSN where what was given next begins; the durable mark when nothing was
  /// @param file path of the file in which the frame at `from` should be; of the log's directory when
  ///     there is none
  /// @param offset where in that file the first frame is missing, in bytes
  public record Gap(long from, long to, String file, long offset) {}
}
