package dev.iobus.bench.peers;

import dev.iobus.bench.subject.Change;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectProvider;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Sync;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// RocksDB through its own Java binding: LZ4, Bloom filters of 10 bits a key, a third of the memory
/// for each of block cache and two write buffers.
public final class RocksProvider implements SubjectProvider {

  private static final double FILTER_BITS_PER_KEY = 10;
  private static final int WRITE_BUFFERS = 2;

  /// How `rocksdb.dbstats` tells the time in which writers were held back.
  private static final Pattern STALL =
      Pattern.compile("Cumulative stall: (\\d+):(\\d+):([\\d.]+) H:M:S");

  @Override
  public String name() {
    return "rocksdb";
  }

  @Override
  public String describe(SubjectSettings settings) {
    RocksDB.loadLibrary();
    return RocksDB.rocksdbVersion()
        + ", Bloom 10 bits, "
        + (settings.compression() ? "LZ4" : "no compression")
        + ", block cache and "
        + WRITE_BUFFERS
        + " write buffers of "
        + (part(settings) >> 20)
        + " MiB each, buffered I/O";
  }

  private static long part(SubjectSettings settings) {
    return settings.memoryBytes() / (1 + WRITE_BUFFERS);
  }

  @Override
  public Set<Sync> levels() {
    return EnumSet.of(Sync.SYNCED, Sync.WRITTEN);
  }

  /// The first store that is opened loads the library, as in any program.
  @Override
  public Subject open(Path directory, SubjectSettings settings) throws IOException {
    RocksDB.loadLibrary();
    Cache cache = new LRUCache(part(settings));
    BloomFilter filter = new BloomFilter(FILTER_BITS_PER_KEY);
    BlockBasedTableConfig tables =
        new BlockBasedTableConfig().setBlockCache(cache).setFilterPolicy(filter);
    Options options =
        new Options()
            .setCreateIfMissing(true)
            .setCompressionType(
                settings.compression()
                    ? CompressionType.LZ4_COMPRESSION
                    : CompressionType.NO_COMPRESSION)
            .setWriteBufferSize(part(settings))
            .setMaxWriteBufferNumber(WRITE_BUFFERS)
            .setMaxBackgroundJobs(Math.max(2, Runtime.getRuntime().availableProcessors()))
            .setTableFormatConfig(tables);
    try {
      RocksDB database = RocksDB.open(options, directory.toString());
      WriteOptions synced = new WriteOptions().setSync(true);
      WriteOptions written = new WriteOptions().setSync(false);
      return new OpenDatabase(database, options, filter, cache, synced, written);
    } catch (RocksDBException e) {
      throw new IOException(e);
    }
  }

  private record OpenDatabase(
      RocksDB database,
      Options options,
      BloomFilter filter,
      Cache cache,
      WriteOptions synced,
      WriteOptions written)
      implements Subject {

    private WriteOptions at(Sync sync) {
      return switch (sync) {
        case SYNCED -> synced;
        case WRITTEN -> written;
        case BUFFERED -> throw new IllegalArgumentException("rocksdb does not offer " + sync);
      };
    }

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      try {
        database.put(at(sync), key, value);
      } catch (RocksDBException e) {
        throw new IOException(e);
      }
    }

    @Override
    public void delete(byte[] key, Sync sync) throws IOException {
      try {
        database.delete(at(sync), key);
      } catch (RocksDBException e) {
        throw new IOException(e);
      }
    }

    @Override
    public void write(List<Change> changes, Sync sync) throws IOException {
      try (WriteBatch batch = new WriteBatch()) {
        for (Change change : changes) {
          byte[] value = change.value();
          if (value == null) {
            batch.delete(change.key());
          } else {
            batch.put(change.key(), value);
          }
        }
        database.write(at(sync), batch);
      } catch (RocksDBException e) {
        throw new IOException(e);
      }
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
      try {
        return database.get(key);
      } catch (RocksDBException e) {
        throw new IOException(e);
      }
    }

    @Override
    public List<byte @Nullable []> multiGet(List<byte[]> keys) throws IOException {
      try {
        // Its type does not say that values may be null.
        return new ArrayList<byte @Nullable []>(database.multiGetAsList(keys));
      } catch (RocksDBException e) {
        throw new IOException(e);
      }
    }

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      boolean forward = direction == Direction.FORWARD;
      try (RocksIterator iterator = database.newIterator()) {
        if (from == null) {
          if (forward) {
            iterator.seekToFirst();
          } else {
            iterator.seekToLast();
          }
        } else if (forward) {
          iterator.seek(from);
        } else {
          iterator.seekForPrev(from);
        }
        long count = 0;
        boolean more = count < limit;
        while (more && iterator.isValid()) {
          visitor.visit(iterator.key(), iterator.value());
          count++;
          more = count < limit;
          if (more && forward) {
            iterator.next();
          } else if (more) {
            iterator.prev();
          }
        }
        iterator.status();
        return count;
      }
    }

    @Override
    public void compact() throws IOException {
      try (FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
        database.flush(flush);
        database.compactRange();
      } catch (RocksDBException e) {
        throw new IOException(e);
      }
    }

    @Override
    public double stallNanos() {
      try {
        Matcher told = STALL.matcher(database.getProperty("rocksdb.dbstats"));
        return told.find()
            ? (Integer.parseInt(told.group(1)) * 3_600.0
                    + Integer.parseInt(told.group(2)) * 60.0
                    + Double.parseDouble(told.group(3)))
                * 1e9
            : Double.NaN;
      } catch (RocksDBException e) {
        return Double.NaN;
      }
    }

    @Override
    public String detail() {
      return "";
    }

    @Override
    public void close() {
      database.close();
      written.close();
      synced.close();
      options.close();
      filter.close();
      cache.close();
    }
  }
}
