package dev.iobus.kv.simulation;

/// The largest numbers of files that a store has used for certain: a loss of power cannot undo it, so
/// no new file may have one of them or a lower one.
///
/// @param table of a table; −1 for none
/// @param manifest of a manifest; −1 for none
record SpentNumbers(long table, long manifest) {

  static final SpentNumbers NONE = new SpentNumbers(-1, -1);

  SpentNumbers or(SpentNumbers other) {
    return new SpentNumbers(
        Math.max(table, other.table), Math.max(manifest, other.manifest));
  }
}
