package dev.iobus.kv;

import dev.iobus.kv.compaction.Retention;
import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.TableFiles;
import dev.iobus.kv.version.TableOutput;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A memtable that nobody writes to, to a table of level 0. Stateless.
final class Flush {

  private Flush() {}

  /// Writes the table, durable with its name; none when the memtable is empty. Overwritten versions
  /// that nobody can see are left out.
  ///
  /// @param boundaries see [Retention]
  static List<Table> run(Memtable memtable, TableFiles files, long[] boundaries)
      throws IOException {
    if (memtable.entries() == 0) {
      return List.of();
    }
    TableOutput output = files.create(0);
    Table table = null;
    boolean done = false;
    try (EntryCursor entries = memtable.cursor()) {
      Retention retention = new Retention(boundaries);
      for (entries.seekToFirst(); entries.isValid(); entries.next()) {
        MemorySegment key = entries.key();
        // Older versions are in tables: a deletion must stay to hide them.
        if (retention.keeps(key, entries.tag(), retention.isNewKey(key), false)) {
          output.add(key, entries.tag(), entries.value());
        }
      }
      table = output.finish();
      files.syncDirectory();
      done = true;
      return List.of(table);
    } finally {
      if (!done && table != null) {
        files.discard(table);
      } else if (!done) {
        output.abandon();
      }
    }
  }
}
