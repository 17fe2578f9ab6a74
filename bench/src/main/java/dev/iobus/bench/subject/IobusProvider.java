package dev.iobus.bench.subject;

import dev.iobus.kv.Cursor;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.kv.StoreStats;
import dev.iobus.kv.WriteBatch;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// This store.
public final class IobusProvider implements SubjectProvider {

  @Override
  public String name() {
    return "iobus";
  }

  @Override
  public String describe(SubjectSettings settings) {
    return "0.1.0-SNAPSHOT, "
        + (settings.memoryBytes() >> 20)
        + " MiB for everything, "
        + (settings.compression() ? "LZ4" : "no compression")
        + ", direct I/O";
  }

  @Override
  public Set<Sync> levels() {
    return EnumSet.allOf(Sync.class);
  }

  @Override
  public Subject open(Path directory, SubjectSettings settings) throws IOException {
    StoreOptions options =
        StoreOptions.defaults()
            .withDurability(durability(settings.usual()))
            .withBackend(settings.backend())
            .withCompression(settings.compression())
            .withMemoryBytes(settings.memoryBytes());
    return new OpenStore(Store.open(directory, options), settings.usual());
  }

  /// A store that is open already; closing the subject closes it.
  ///
  /// @param usual the durability that its options have
  public static Subject of(Store store, Sync usual) {
    return new OpenStore(store, usual);
  }

  /// What this store calls a level.
  public static Durability durability(Sync sync) {
    return switch (sync) {
      case SYNCED -> Durability.SYNCED;
      case WRITTEN -> Durability.WRITTEN;
      case BUFFERED -> Durability.BUFFERED;
    };
  }

  private record OpenStore(Store store, Sync usual) implements Subject {

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      if (sync == usual) {
        store.put(key, value);
      } else {
        store.write(new WriteBatch().put(key, value), durability(sync));
      }
    }

    @Override
    public void delete(byte[] key, Sync sync) throws IOException {
      if (sync == usual) {
        store.delete(key);
      } else {
        store.write(new WriteBatch().delete(key), durability(sync));
      }
    }

    @Override
    public void write(List<Change> changes, Sync sync) throws IOException {
      WriteBatch batch = new WriteBatch();
      for (Change change : changes) {
        byte[] value = change.value();
        if (value == null) {
          batch.delete(change.key());
        } else {
          batch.put(change.key(), value);
        }
      }
      store.write(batch, durability(sync));
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
      return store.get(key);
    }

    @Override
    public List<byte @Nullable []> multiGet(List<byte[]> keys) throws IOException {
      return store.multiGet(keys);
    }

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      boolean forward = direction == Direction.FORWARD;
      try (Cursor cursor = store.cursor()) {
        boolean more =
            from == null
                ? (forward ? cursor.seekToFirst() : cursor.seekToLast())
                : (forward ? cursor.seek(from) : cursor.seekForPrevious(from));
        long count = 0;
        while (more && count < limit) {
          visitor.visit(cursor.key(), cursor.value());
          count++;
          more = count < limit && (forward ? cursor.next() : cursor.previous());
        }
        return count;
      }
    }

    @Override
    public void compact() throws IOException {
      store.compact();
    }

    @Override
    public double stallNanos() {
      return store.stats().stallNanos();
    }

    @Override
    public String detail() {
      StoreStats stats = store.stats();
      return stats.backendReason()
          + "; codec "
          + stats.codec()
          + "; durable append "
          + stats.durableAppend();
    }

    @Override
    public void close() throws IOException {
      store.close();
    }
  }
}
