package dev.iobus.kv.compaction;

import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.Version;
import java.util.List;

/// Which tables are to be merged into which level. Immutable.
///
/// @param version what the tables were picked from
/// @param inputs all tables that overlap them, are older, and are not below the output level are
///     among them
/// @param outputLevel 1 or deeper; no input is deeper
/// @param kind whether there is anything to merge
public record CompactionPlan(Version version, List<Table> inputs, int outputLevel, Kind kind) {

  /// Whether no table of the version is left out.
  public boolean isOfAllTables() {
    return inputs.size() == version.tableCount();
  }

  /// What it takes to bring the inputs to the output level.
  public enum Kind {
    /// Nothing there overlaps them, nor they each other: they change the level as they are.
    MOVE,
    /// They are merged into new tables.
    MERGE
  }
}
