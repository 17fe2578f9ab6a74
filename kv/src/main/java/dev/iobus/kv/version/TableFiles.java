package dev.iobus.kv.version;

import dev.iobus.OpenFlag;
import dev.iobus.kv.sstable.Codec;
import dev.iobus.kv.sstable.SSTableReader;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.PageCache;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// Makes, opens and deletes the files of tables. Thread-safe.
public final class TableFiles implements AutoCloseable {

  /// What a scan takes for its buffers, unless a block is very large, in bytes.
  private static final long SCAN_BYTES = 512 << 10;

  private static final int FILTER_BITS_PER_KEY = 10;

  private final DataDirectory directory;
  private final PageCache cache;
  private final FileNumbers numbers;
  private final Codec codec;

  /// Pays for indexes and filters of open tables.
  private final MemoryBudget.Account indexes;

  /// Pays for the buffers of who writes tables.
  private final MemoryBudget.Account buffers;

  /// Pays for the buffers of who scans them. Has no floor: a scan would take what a writer is sure
  /// of, and can go through the cache instead.
  private final MemoryBudget.Account scans;

  private final boolean isDirect;
  private final AtomicLong bytesWritten = new AtomicLong();

  private TableFiles(
      DataDirectory directory,
      PageCache cache,
      FileNumbers numbers,
      Codec codec,
      MemoryBudget.Account indexes,
      MemoryBudget.Account buffers,
      MemoryBudget.Account scans) {
    this.directory = directory;
    this.cache = cache;
    this.numbers = numbers;
    this.codec = codec;
    this.indexes = indexes;
    this.buffers = buffers;
    this.scans = scans;
    this.isDirect = directory.directAlignment() <= PageCache.PAGE_BYTES;
  }

  /// Reserves the floors, so that they are there whatever else the budget is used for.
  ///
  /// @param indexFloorBytes what indexes and filters are sure of
  /// @param bufferFloorBytes what those who write tables are sure of
  /// @throws IllegalArgumentException when the budget does not hold the floors
  public static TableFiles open(
      DataDirectory directory,
      PageCache cache,
      FileNumbers numbers,
      Codec codec,
      MemoryBudget budget,
      long indexFloorBytes,
      long bufferFloorBytes) {
    MemoryBudget.Account indexes = budget.open("table indexes", indexFloorBytes);
    MemoryBudget.Account buffers = null;
    try {
      buffers = budget.open("table buffers", bufferFloorBytes);
      MemoryBudget.Account scans = budget.open("table scans", 0);
      return new TableFiles(directory, cache, numbers, codec, indexes, buffers, scans);
    } finally {
      if (buffers == null) {
        indexes.close();
      }
    }
  }

  /// Begins a table of a level under a new number.
  public TableOutput create(int level) throws IOException {
    long number = numbers.newNumber();
    DataFile file = directory.create(FileNames.table(number), isDirect);
    return TableOutput.open(this, file, number, numbers.newFileId(), level, codec);
  }

  /// Opens the table that the manifest speaks of.
  ///
  /// @throws dev.iobus.storage.file.CorruptionException when the file is damaged or another one
  public Table open(TableInfo info) throws IOException {
    DataFile file = directory.open(info.fileName(), isDirect, OpenFlag.READ);
    SSTableReader reader = null;
    try {
      SSTableReader.Expected expected =
          new SSTableReader.Expected(info.fileId(), info.sizeBytes(), info.digest());
      reader = SSTableReader.open(cache, file, expected, indexes);
      return new Table(info, reader, file, this);
    } finally {
      if (reader == null) {
        file.close();
      }
    }
  }

  /// Makes the names of new tables durable.
  public void syncDirectory() throws IOException {
    directory.sync();
  }

  /// Closes a table that came to nothing, or that nobody reads any more, and deletes its file. One
  /// that cannot be deleted now is deleted by the next recovery, because no manifest names it.
  public void discard(Table table) {
    try {
      table.close();
      directory.delete(table.info().fileName());
    } catch (IOException e) {
      assert table.info().number() > 0 : e;
    }
  }

  /// Closes tables that an edit of unknown outcome names: their files stay, and the next recovery
  /// keeps or deletes them.
  public void letGo(List<Table> tables) {
    for (Table table : tables) {
      try {
        table.close();
      } catch (IOException e) {
        assert table.info().number() > 0 : e;
      }
    }
  }

  /// As [#discard(Table)], for a file that is closed and no table yet.
  void discard(long number) {
    try {
      directory.delete(FileNames.table(number));
    } catch (IOException e) {
      assert number > 0 : e;
    }
  }

  /// Closes all tables of the last version, and deletes those that became obsolete before. Nobody
  /// uses the versions any more.
  public void closeAll(VersionSet versions) throws IOException {
    IOException failure = null;
    for (Table table : versions.takeObsolete()) {
      discard(table);
    }
    for (int level = 0; level < Version.LEVELS; level++) {
      for (Table table : versions.current().level(level)) {
        try {
          table.close();
        } catch (IOException e) {
          if (failure == null) {
            failure = e;
          } else {
            failure.addSuppressed(e);
          }
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  MemoryBudget.Account buffers() {
    return buffers;
  }

  MemoryBudget.Account scans() {
    return scans;
  }

  /// Whether there is memory now for the buffers of one more scan.
  boolean grantsScan() {
    boolean granted = scans.tryReserve(SCAN_BYTES);
    if (granted) {
      scans.release(SCAN_BYTES);
    }
    return granted;
  }

  void written(long bytes) {
    bytesWritten.addAndGet(bytes);
  }

  int filterBitsPerKey() {
    return FILTER_BITS_PER_KEY;
  }

  /// Bytes of the indexes and filters of open tables.
  public long indexBytes() {
    return indexes.reserved();
  }

  /// Bytes of all tables that were written.
  public long bytesWritten() {
    return bytesWritten.get();
  }

  /// Which codec compresses blocks.
  public String codec() {
    return codec.implementation();
  }

  /// Gives the accounts back. All tables are closed before.
  @Override
  public void close() {
    indexes.close();
    buffers.close();
    scans.close();
  }
}
