package dev.iobus.kv.version;

import dev.iobus.kv.sstable.Codec;
import dev.iobus.kv.sstable.SSTableWriter;
import dev.iobus.kv.sstable.TableProperties;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A table while it is written. Ends with [#finish()] or [#abandon()]. Confined to one task.
public final class TableOutput {

  private final TableFiles files;
  private final DataFile file;
  private final long number;
  private final int level;
  private final SSTableWriter writer;

  private TableOutput(
      TableFiles files, DataFile file, long number, int level, SSTableWriter writer) {
    this.files = files;
    this.file = file;
    this.number = number;
    this.level = level;
    this.writer = writer;
  }

  /// Takes over the new file.
  static TableOutput open(
      TableFiles files, DataFile file, long number, long fileId, int level, Codec codec)
      throws IOException {
    SSTableWriter writer = null;
    try {
      writer = new SSTableWriter(file, fileId, files.buffers(), codec, files.filterBitsPerKey());
      return new TableOutput(files, file, number, level, writer);
    } finally {
      if (writer == null) {
        file.close();
        files.discard(number);
      }
    }
  }

  /// Adds an entry behind all others.
  public void add(MemorySegment key, long tag, MemorySegment value) throws IOException {
    writer.add(key, tag, value);
  }

  /// Bytes of the file so far.
  public long bytes() {
    return writer.size();
  }

  /// Makes the table durable, but not its name, and opens it. After an exception [#abandon()] is
  /// still to be called.
  public Table finish() throws IOException {
    TableProperties properties = writer.finish();
    writer.close();
    file.close();
    files.written(properties.size());
    return files.open(info(properties));
  }

  private TableInfo info(TableProperties properties) {
    return new TableInfo(
        number,
        properties.fileId(),
        properties.size(),
        properties.digest(),
        Keyspace.DEFAULT.id(),
        level,
        KeyBound.inclusive(
            MemorySegment.ofArray(properties.smallestKey()), properties.smallestTag()),
        KeyBound.inclusive(
            MemorySegment.ofArray(properties.largestKey()), properties.largestTag()),
        properties.smallestSequence(),
        properties.largestSequence(),
        0,
        properties.entries(),
        properties.deletions(),
        properties.rangeDeletions(),
        properties.leastExpiry(),
        List.of());
  }

  /// Ends the writing and deletes the file; what cannot be deleted now is deleted by the next
  /// recovery. May be called after a failed [#finish()].
  public void abandon() {
    writer.close();
    @Nullable IOException failure = null;
    try {
      file.close();
    } catch (IOException e) {
      failure = e;
    }
    assert failure == null || number > 0 : failure;
    files.discard(number);
  }
}
