package dev.iobus.bench.peers;

import dev.iobus.bench.subject.Change;
import dev.iobus.bench.subject.Subject;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Sync;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.lmdbjava.CopyFlags;
import org.lmdbjava.Cursor;
import org.lmdbjava.Dbi;
import org.lmdbjava.DbiFlags;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.GetOp;
import org.lmdbjava.LmdbException;
import org.lmdbjava.Meta;
import org.lmdbjava.Txn;

/// An open LMDB environment with one unnamed database. Thread-safe as [Subject] asks.
final class LmdbEnvironment implements Subject {

  /// More than any run fills; the file grows with what is in it.
  private static final long MAP_BYTES = 64L << 30;

  private static final int READERS_MAX = 2_048;
  private static final int KEY_BYTES_MAX = 511;
  private static final int VALUE_BYTES_USUAL = 4096;
  private static final String DATA = "data.mdb";

  /// A read transaction that is renewed for each read, with the buffer of its keys. LMDB lets a
  /// transaction move between threads with MDB_NOTLS.
  private record Reader(Txn<ByteBuffer> transaction, ByteBuffer key) {}

  private final Path directory;
  private final EnvFlags[] flags;

  /// LMDB's own lock is a mutex of the operating system, which a virtual thread must not hold while
  /// it waits; and it would pin all others.
  private final ReentrantLock writing = new ReentrantLock();

  /// What a write gives to LMDB, which copies it; owned by the holder of the lock above.
  private final ByteBuffer keyToWrite = ByteBuffer.allocateDirect(KEY_BYTES_MAX);
  private ByteBuffer valueToWrite = ByteBuffer.allocateDirect(VALUE_BYTES_USUAL);

  private final Queue<Reader> readers = new ConcurrentLinkedQueue<>();
  private Env<ByteBuffer> environment;
  private Dbi<ByteBuffer> database;

  /// @param settings decide whether commits reach the device, and whether the kernel reads ahead,
  ///     which LMDB's documentation advises against for data larger than the memory
  LmdbEnvironment(Path directory, SubjectSettings settings) throws IOException {
    if (settings.usual() == Sync.BUFFERED) {
      throw new IllegalArgumentException("lmdb does not offer " + settings.usual());
    }
    this.directory = directory;
    Set<EnvFlags> chosen = EnumSet.of(EnvFlags.MDB_NOTLS);
    if (settings.usual() == Sync.WRITTEN) {
      chosen.add(EnvFlags.MDB_NOSYNC);
    }
    if (settings.exceedsMemory()) {
      chosen.add(EnvFlags.MDB_NORDAHEAD);
    }
    this.flags = chosen.toArray(EnvFlags[]::new);
    this.environment = open();
    this.database = environment.openDbi((String) null, DbiFlags.MDB_CREATE);
  }

  static String version() {
    Meta.Version version = Meta.version();
    return version.major + "." + version.minor + "." + version.patch + " (lmdbjava 0.9.3)";
  }

  private Env<ByteBuffer> open() throws IOException {
    try {
      return Env.create()
          .setMapSize(MAP_BYTES)
          .setMaxReaders(READERS_MAX)
          .setMaxDbs(1)
          .open(directory.toFile(), flags);
    } catch (LmdbException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void put(byte[] key, byte[] value, Sync sync) throws IOException {
    write(List.of(new Change(key, value)), sync);
  }

  @Override
  public void delete(byte[] key, Sync sync) throws IOException {
    write(List.of(new Change(key, null)), sync);
  }

  @Override
  public void write(List<Change> changes, Sync sync) throws IOException {
    writing.lock();
    try (Txn<ByteBuffer> transaction = environment.txnWrite()) {
      for (Change change : changes) {
        byte[] value = change.value();
        if (value == null) {
          database.delete(transaction, keyToWrite(change.key()));
        } else {
          database.put(transaction, keyToWrite(change.key()), valueToWrite(value));
        }
      }
      transaction.commit();
    } catch (LmdbException e) {
      throw new IOException(e);
    } finally {
      writing.unlock();
    }
  }

  private ByteBuffer keyToWrite(byte[] key) {
    return keyToWrite.clear().put(key).flip();
  }

  private ByteBuffer valueToWrite(byte[] value) {
    if (value.length > valueToWrite.capacity()) {
      valueToWrite = ByteBuffer.allocateDirect(value.length);
    }
    return valueToWrite.clear().put(value).flip();
  }

  private Reader acquire() {
    Reader free = readers.poll();
    if (free != null) {
      free.transaction().renew();
      return free;
    }
    return new Reader(environment.txnRead(), ByteBuffer.allocateDirect(KEY_BYTES_MAX));
  }

  private void release(Reader reader) {
    reader.transaction().reset();
    readers.add(reader);
  }

  @Override
  public byte @Nullable [] get(byte[] key) throws IOException {
    Reader reader = acquire();
    try {
      return get(reader, key);
    } catch (LmdbException e) {
      throw new IOException(e);
    } finally {
      release(reader);
    }
  }

  private byte @Nullable [] get(Reader reader, byte[] key) {
    ByteBuffer found = database.get(reader.transaction(), reader.key().clear().put(key).flip());
    return found == null ? null : copy(found);
  }

  private static byte[] copy(ByteBuffer mapped) {
    byte[] bytes = new byte[mapped.remaining()];
    mapped.get(bytes);
    return bytes;
  }

  @Override
  public List<byte @Nullable []> multiGet(List<byte[]> keys) throws IOException {
    Reader reader = acquire();
    try {
      List<byte @Nullable []> values = new ArrayList<>(keys.size());
      for (byte[] key : keys) {
        values.add(get(reader, key));
      }
      return values;
    } catch (LmdbException e) {
      throw new IOException(e);
    } finally {
      release(reader);
    }
  }

  @Override
  public long scan(byte @Nullable [] from, Direction direction, long limit, EntryVisitor visitor)
      throws Exception {
    boolean forward = direction == Direction.FORWARD;
    Reader reader = acquire();
    try (Cursor<ByteBuffer> cursor = database.openCursor(reader.transaction())) {
      boolean more = seek(cursor, from, forward, reader.key());
      long count = 0;
      while (more && count < limit) {
        visitor.visit(copy(cursor.key()), copy(cursor.val()));
        count++;
        more = count < limit && (forward ? cursor.next() : cursor.prev());
      }
      return count;
    } catch (LmdbException e) {
      throw new IOException(e);
    } finally {
      release(reader);
    }
  }

  private static boolean seek(
      Cursor<ByteBuffer> cursor, byte @Nullable [] from, boolean forward, ByteBuffer key) {
    if (from == null) {
      return forward ? cursor.first() : cursor.last();
    }
    boolean found = cursor.get(key.clear().put(from).flip(), GetOp.MDB_SET_RANGE);
    if (forward) {
      return found;
    }
    if (!found) {
      return cursor.last();
    }
    // The least key that is not below; backward it must be the key itself or the one before.
    return cursor.key().equals(ByteBuffer.wrap(from)) || cursor.prev();
  }

  /// Copies the live pages into a new file, which takes the place of the old one.
  @Override
  public void compact() throws IOException {
    Path compacted = Files.createDirectory(directory.resolve("compacted"));
    environment.copy(compacted.toFile(), CopyFlags.MDB_CP_COMPACT);
    close();
    Files.move(
        compacted.resolve(DATA), directory.resolve(DATA), StandardCopyOption.REPLACE_EXISTING);
    Files.delete(compacted);
    environment = open();
    database = environment.openDbi((String) null, DbiFlags.MDB_CREATE);
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
    for (Reader reader = readers.poll(); reader != null; reader = readers.poll()) {
      reader.transaction().close();
    }
    environment.close();
  }
}
