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
import org.h2.mvstore.Cursor;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.ByteArrayDataType;
import org.jspecify.annotations.Nullable;

/// MVStore, the storage of H2: a copy-on-write B-tree in an appended file, cached in the Java heap.
/// Its own timer that commits once a second is off: each write commits, as the row's level asks.
public final class MvStoreProvider implements SubjectProvider {

  private static final String VERSION = "2.4.240";
  private static final String FILE = "store.mv";
  private static final String MAP = "records";
  private static final long CHUNK_COPY_BYTES = 96L << 20;
  private static final int COMPACT_MILLIS_MAX = 60_000;

  @Override
  public String name() {
    return "mvstore";
  }

  @Override
  public String describe(SubjectSettings settings) {
    return VERSION
        + ", cache "
        + (settings.memoryBytes() >> 20)
        + " MiB in the heap, "
        + (settings.compression() ? "LZF" : "no compression")
        + ", a commit each write, "
        + (CHUNK_COPY_BYTES >> 20)
        + " MiB more for the copies that it writes from";
  }

  @Override
  public Set<Sync> levels() {
    return EnumSet.of(Sync.SYNCED, Sync.WRITTEN);
  }

  /// Each thread that writes to a file would keep a buffer outside the heap, as large as its
  /// largest write.
  @Override
  public List<String> jvmOptions() {
    return List.of("-Djdk.nio.maxCachedBufferSize=65536");
  }

  @Override
  public long heapBytes(SubjectSettings settings) {
    return settings.memoryBytes();
  }

  /// It writes a chunk at once, and NIO copies the whole chunk out of the heap for that.
  @Override
  public long extraBytes() {
    return CHUNK_COPY_BYTES;
  }

  @Override
  public Subject open(Path directory, SubjectSettings settings) throws IOException {
    MVStore.Builder builder =
        new MVStore.Builder()
            .fileName(directory.resolve(FILE).toString())
            .cacheSize((int) (settings.memoryBytes() >> 20))
            .autoCommitDisabled();
    try {
      MVStore store = (settings.compression() ? builder.compress() : builder).open();
      MVMap<byte[], byte[]> map =
          store.openMap(
              MAP,
              new MVMap.Builder<byte[], byte[]>()
                  .keyType(ByteArrayDataType.INSTANCE)
                  .valueType(ByteArrayDataType.INSTANCE));
      return new OpenStore(store, map);
    } catch (MVStoreException e) {
      throw new IOException(e);
    }
  }

  private record OpenStore(MVStore store, MVMap<byte[], byte[]> map) implements Subject {

    @Override
    public void put(byte[] key, byte[] value, Sync sync) throws IOException {
      map.put(key, value);
      commit(sync);
    }

    @Override
    public void delete(byte[] key, Sync sync) throws IOException {
      map.remove(key);
      commit(sync);
    }

    @Override
    public void write(List<Change> changes, Sync sync) throws IOException {
      for (Change change : changes) {
        byte[] value = change.value();
        if (value == null) {
          map.remove(change.key());
        } else {
          map.put(change.key(), value);
        }
      }
      commit(sync);
    }

    private void commit(Sync sync) throws IOException {
      try {
        switch (sync) {
          case SYNCED -> {
            store.commit();
            store.sync();
          }
          case WRITTEN -> store.commit();
          case BUFFERED -> throw new IllegalArgumentException("mvstore does not offer " + sync);
        }
      } catch (MVStoreException e) {
        throw new IOException(e);
      }
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
      return map.get(key);
    }

    @Override
    public List<byte @Nullable []> multiGet(List<byte[]> keys) {
      List<byte @Nullable []> values = new ArrayList<>(keys.size());
      for (byte[] key : keys) {
        values.add(map.get(key));
      }
      return values;
    }

    @Override
    public long scan(
        byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
        throws Exception {
      Cursor<byte[], byte[]> cursor =
          map.cursor(from, null, direction == Direction.BACKWARD);
      long count = 0;
      while (count < limit && cursor.hasNext()) {
        byte[] key = cursor.next();
        visitor.visit(key, cursor.getValue());
        count++;
      }
      return count;
    }

    @Override
    public void compact() throws IOException {
      try {
        store.compactFile(COMPACT_MILLIS_MAX);
      } catch (MVStoreException e) {
        throw new IOException(e);
      }
    }

    @Override
    public double stallNanos() {
      return Double.NaN;
    }

    @Override
    public String detail() {
      return "";
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
