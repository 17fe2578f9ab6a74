package dev.iobus.bench.versus;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/// RocksDB through its own Java binding, LZ4, Bloom filters of 10 bits a key.
public final class RocksPeer implements Peer {

  private static final double FILTER_BITS_PER_KEY = 10;

  public RocksPeer() {
    RocksDB.loadLibrary();
  }

  @Override
  public String name() {
    return "rocksdb";
  }

  @Override
  public String describe(Memory memory) {
    return RocksDB.rocksdbVersion()
        + ", LZ4, Bloom 10 bits, block cache "
        + (memory.blockCacheBytes() >> 20)
        + " MiB, write buffers 2 x "
        + (memory.memtableBytes() >> 20)
        + " MiB, buffered I/O";
  }

  @Override
  public Subject open(Path directory, Memory memory, Subject.Sync usual) throws IOException {
    Cache cache = new LRUCache(memory.blockCacheBytes());
    BloomFilter filter = new BloomFilter(FILTER_BITS_PER_KEY);
    BlockBasedTableConfig tables =
        new BlockBasedTableConfig().setBlockCache(cache).setFilterPolicy(filter);
    Options options =
        new Options()
            .setCreateIfMissing(true)
            .setCompressionType(CompressionType.LZ4_COMPRESSION)
            .setWriteBufferSize(memory.memtableBytes())
            .setMaxWriteBufferNumber(2)
            .setTableFormatConfig(tables);
    try {
      RocksDB database = RocksDB.open(options, directory.toString());
      WriteOptions durable = new WriteOptions().setSync(true);
      WriteOptions written = new WriteOptions().setSync(false);
      return new OpenDatabase(database, options, filter, cache, durable, written);
    } catch (RocksDBException e) {
      throw new IOException(e);
    }
  }

  private record OpenDatabase(
      RocksDB database,
      Options options,
      BloomFilter filter,
      Cache cache,
      WriteOptions durable,
      WriteOptions written)
      implements Subject {

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      WriteOptions write =
          switch (sync) {
            case DURABLE -> durable;
            case WRITTEN -> written;
          };
      try {
        database.put(write, key, value);
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
    public void close() {
      database.close();
      written.close();
      durable.close();
      options.close();
      filter.close();
      cache.close();
    }
  }
}
