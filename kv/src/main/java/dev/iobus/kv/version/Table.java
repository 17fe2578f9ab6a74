package dev.iobus.kv.version;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.sstable.SSTableReader;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;

/// An open table: what the manifest says of it, and its reader. Thread-safe. Who uses it holds a
/// version that it is in.
///
/// The same file may be a table of two levels in two versions, after a move; both share the reader,
/// which lives until no version has a table of that number.
public final class Table implements AutoCloseable {

  private final TableInfo info;
  private final SSTableReader reader;
  private final DataFile file;
  private final TableFiles files;

  Table(TableInfo info, SSTableReader reader, DataFile file, TableFiles files) {
    this.info = info;
    this.reader = reader;
    this.file = file;
    this.files = files;
  }

  public TableInfo info() {
    return info;
  }

  public SSTableReader reader() {
    return reader;
  }

  /// The file's path, for messages.
  public String path() {
    return file.path();
  }

  /// The same table at another level.
  public Table atLevel(int level) {
    return new Table(info.atLevel(level), reader, file, files);
  }

  /// A walk over all entries, unpositioned; closed before the last version with this table is
  /// released.
  EntryCursor cursor(ReadMode mode) {
    return switch (mode) {
      case CACHED -> reader.cursor();
      case ONCE -> files.grantsScan() ? reader.scan(files.scans()) : reader.cursor();
    };
  }

  /// Reads the whole file and checks it. Returns how many entries it has.
  ///
  /// @throws dev.iobus.storage.file.CorruptionException at the first damage
  public long verify() throws IOException {
    return reader.verify(files.scans());
  }

  /// Closes reader and file.
  @Override
  public void close() throws IOException {
    reader.close();
    file.close();
  }
}
