package dev.iobus.kv;

import dev.iobus.SharedBus;
import dev.iobus.kv.compaction.LevelSizes;
import dev.iobus.kv.version.TableFiles;
import dev.iobus.kv.version.Version;
import dev.iobus.kv.version.VersionSet;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.wal.Durability;
import dev.iobus.storage.wal.Wal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// An ordered map of byte strings in one directory: what was written is there after a crash.
///
/// Thread-safe, for platform and virtual threads. One store at a time can have a directory open.
/// Using anything of a store after its close is an [IllegalStateException], never a crash. An
/// interrupt ends nothing: the operation goes on, the flag is kept.
///
/// **Visibility.** A write is visible to all readers when it is published, which may be before it
/// is durable; the call returns when it is both. With [Durability#SYNCED] the return also covers
/// all that was visible when the call began. A reader that must not act on what a power loss could
/// still undo calls [#sync()].
///
/// **Failure.** After a failed write or sync the store takes no writes until it is opened again:
/// each ends with a [StoreFailedException] that has the first failure as its cause. Reads go on. A full
/// disk is no failure where it is met by the log or by a table: writes end with an [IOException] while
/// there is no room, have changed nothing, and go on when there is some.
public final class Store implements AutoCloseable {

  /// Bytes of log behind one memtable after which it is flushed however little it holds.
  private static final long LOG_BYTES_MIN = 256L << 20;

  private final StoreOptions options;
  private final MemoryPlan memory;
  private final SharedBus bus;
  private final MemoryBudget budget;
  private final TableFiles files;
  private final VersionSet versions;
  private final Wal wal;

  private final StoreState state;
  private final Views views;
  private final Memtables memtables;
  private final CommitPipeline commits;
  private final WriteStall stall;
  private final BackgroundWork background;
  private final Readers readers;
  private final PointReads reads;
  private final StoreClosing closing;

  private final AtomicLong userBytes = new AtomicLong();

  /// Takes over everything that recovery has opened; starts the background tasks.
  Store(
      StoreOptions options,
      MemoryPlan memory,
      SharedBus bus,
      DataDirectory directory,
      MemoryBudget budget,
      MemoryBudget.Account memtableAccount,
      PageCache cache,
      TableFiles files,
      VersionSet versions,
      Wal wal,
      LoggedMemtable active,
      long lastSequence) {
    this.options = options;
    this.memory = memory;
    this.bus = bus;
    this.budget = budget;
    this.files = files;
    this.versions = versions;
    this.wal = wal;
    long capacity = options.memtableCapacity();
    this.state = new StoreState(options.scheduler(), directory.path().toString());
    this.views = new Views(state, versions);
    this.memtables = new Memtables(state, views, memtableAccount, capacity, active);
    this.commits =
        new CommitPipeline(
            state, wal, memtables, lastSequence, Math.max(LOG_BYTES_MIN, 4 * capacity));
    Snapshots snapshots = new Snapshots();
    this.readers = new Readers(state, views, commits, snapshots);
    this.stall = new WriteStall(options.scheduler());
    this.background =
        new BackgroundWork(
            state,
            memtables,
            views,
            snapshots,
            commits,
            versions,
            files,
            wal,
            stall,
            LevelSizes.of(capacity));
    Leases leases = new Leases(() -> StoreClosing.freeMemory(cache, memtableAccount, bus));
    this.reads = new PointReads(views, readers, cache, leases);
    this.closing =
        new StoreClosing(
            state,
            background,
            readers,
            views,
            wal,
            versions,
            files,
            memtables,
            directory,
            leases);
    state.lock.lock();
    try {
      views.install(memtables.newestFirst(), versions.current());
    } finally {
      state.lock.unlock();
    }
    background.start();
  }

  /// Opens the store in a directory with the default options; makes one where there is none.
  ///
  /// @throws IOException see [#open(Path, StoreOptions)]
  public static Store open(Path directory) throws IOException {
    return open(directory, StoreOptions.defaults());
  }

  /// Opens the store in a directory; makes one where the directory is absent (its parent is there) or
  /// empty. What the last process had not finished is finished or undone first. Nothing is left open
  /// after an exception.
  ///
  /// @throws dev.iobus.storage.file.DirectoryLockedException when it is open already, here or in
  ///     another process
  /// @throws NotAStoreException when the directory holds other files
  /// @throws dev.iobus.storage.file.CorruptionException when acknowledged bytes are damaged or
  ///     missing
  /// @throws dev.iobus.storage.file.FormatVersionException when a newer version wrote it
  /// @throws dev.iobus.storage.memory.MemoryLimitException when the indexes of the tables do not fit
  ///     into `memoryBytes`
  /// @throws IOException when the directory cannot be used
  /// @throws IllegalArgumentException when `memoryBytes` does not suffice; names the numbers
  public static Store open(Path directory, StoreOptions options) throws IOException {
    Objects.requireNonNull(directory, "directory");
    Objects.requireNonNull(options, "options");
    return Recovery.open(directory, options);
  }

  /// Sets `key` to `value`, with the durability of the options.
  ///
  /// @param key 0 to 65,535 bytes
  /// @param value 0 bytes to 64 MiB − 128 KiB
  /// @throws IllegalArgumentException when one of them is larger, or both take more than an eighth of
  ///     `memoryBytes`
  /// @throws IOException see [#write(WriteBatch, Durability)]
  public void put(byte[] key, byte[] value) throws IOException {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    write(new WriteBatch(WriteBatch.sizeOfPut(key.length, value.length)).put(key, value));
  }

  /// As [#put(byte[], byte[])].
  public void put(MemorySegment key, MemorySegment value) throws IOException {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(value, "value");
    int size = WriteBatch.sizeOfPut(key.byteSize(), value.byteSize());
    write(new WriteBatch(size).put(key, value));
  }

  /// Removes `key`, there or not, with the durability of the options.
  ///
  /// @param key 0 to 65,535 bytes
  /// @throws IllegalArgumentException when it is larger
  /// @throws IOException see [#write(WriteBatch, Durability)]
  public void delete(byte[] key) throws IOException {
    Objects.requireNonNull(key, "key");
    write(new WriteBatch(WriteBatch.sizeOfPut(key.length, 0)).delete(key));
  }

  /// As [#delete(byte[])].
  public void delete(MemorySegment key) throws IOException {
    Objects.requireNonNull(key, "key");
    write(new WriteBatch(WriteBatch.sizeOfPut(key.byteSize(), 0)).delete(key));
  }

  /// As [#write(WriteBatch, Durability)], with the durability of the options.
  public void write(WriteBatch batch) throws IOException {
    write(batch, options.durability());
  }

  /// Applies all of a batch, or nothing. When it returns, the batch is visible and has the
  /// durability; so has everything written before it.
  ///
  /// @throws IllegalArgumentException when it takes more than an eighth of `memoryBytes`
  /// @throws StoreFailedException when the store has failed before: nothing was written; or when it
  ///     fails now: the outcome is unknown
  /// @throws IOException when there is no room on the disk or in memory: nothing was written
  public void write(WriteBatch batch, Durability durability) throws IOException {
    Objects.requireNonNull(batch, "batch");
    Objects.requireNonNull(durability, "durability");
    if (batch.memtableBytes() > memory.batchBytesMax()) {
      throw new IllegalArgumentException(
          "batch needs "
              + batch.memtableBytes()
              + " bytes of memory, at most "
              + memory.batchBytesMax()
              + ", an eighth of memoryBytes");
    }
    state.enterWriter();
    try {
      if (batch.count() > 0) {
        stall.pace(batch.sizeBytes());
        commits.commit(batch, durability);
        userBytes.addAndGet(batch.userBytes());
      } else if (durability == Durability.SYNCED) {
        commits.sync();
      }
    } finally {
      state.exitWriter();
    }
  }

  /// The value of a key, or null when it has none.
  ///
  /// @throws IOException when it cannot be read, also [dev.iobus.storage.file.CorruptionException], and
  ///     [dev.iobus.storage.memory.MemoryLimitException] when others have held the memory for it 10 s
  /// @throws IllegalArgumentException when the key is longer than 65,535 bytes
  /// @throws IllegalStateException when the store is closed
  public byte @Nullable [] get(byte[] key) throws IOException {
    return reads.get(keySegment(key), null);
  }

  /// The value of a key as a snapshot sees it, or null when it has none there.
  ///
  /// @throws IOException when it cannot be read
  public byte @Nullable [] get(byte[] key, Snapshot snapshot) throws IOException {
    Objects.requireNonNull(snapshot, "snapshot");
    return reads.get(keySegment(key), snapshot);
  }

  /// The value of a key without a copy where that is possible, or null when it has none. The lease
  /// is for the calling thread; close it.
  ///
  /// @throws IOException when it cannot be read
  public @Nullable ValueLease lookup(MemorySegment key) throws IOException {
    Objects.requireNonNull(key, "key");
    WriteBatch.requireKey(key.byteSize());
    return reads.lookup(key);
  }

  /// The values of several keys, in their order, all as of one moment; null where a key has none.
  /// Blocks that are not in memory are read together.
  ///
  /// @throws IOException when one of them cannot be read
  public List<byte @Nullable []> multiGet(List<byte[]> keys) throws IOException {
    Objects.requireNonNull(keys, "keys");
    List<MemorySegment> segments = new ArrayList<>(keys.size());
    for (byte[] key : keys) {
      segments.add(keySegment(key));
    }
    return reads.multiGet(segments);
  }

  private static MemorySegment keySegment(byte[] key) {
    Objects.requireNonNull(key, "key");
    WriteBatch.requireKey(key.length);
    return MemorySegment.ofArray(key);
  }

  /// A walk over all keys, as of now.
  public Cursor cursor() throws IOException {
    return cursor(null, null);
  }

  /// A walk over the keys from `lower` to `upper`, as of now.
  ///
  /// @param lower the first key that may be met; null: no bound
  /// @param upper the first key that may not be met any more; null: no bound
  public Cursor cursor(byte @Nullable [] lower, byte @Nullable [] upper) throws IOException {
    return readers.openCursor(lower, upper, null);
  }

  /// As [#cursor(byte[], byte[])], as the snapshot sees it. The cursor stays good when the snapshot
  /// is closed.
  public Cursor cursor(byte @Nullable [] lower, byte @Nullable [] upper, Snapshot snapshot)
      throws IOException {
    Objects.requireNonNull(snapshot, "snapshot");
    return readers.openCursor(lower, upper, snapshot);
  }

  /// The state of the store now, for reads that must agree. Close it.
  public Snapshot snapshot() {
    return readers.openSnapshot();
  }

  /// Makes tables of what is in memory; they are on disk when it returns.
  ///
  /// @throws StoreFailedException when the store has failed or fails now
  public void flush() throws IOException {
    state.enterWriter();
    try {
      background.flush();
    } finally {
      state.exitWriter();
    }
  }

  /// Merges everything into the deepest level, and waits for it: what was overwritten or deleted,
  /// and no snapshot sees, takes no space after it.
  ///
  /// @throws StoreFailedException when the store has failed or fails now
  public void compact() throws IOException {
    state.enterWriter();
    try {
      background.flush();
      background.compactAll();
    } finally {
      state.exitWriter();
    }
  }

  /// Waits until everything that was visible before the call is on stable storage.
  ///
  /// @throws StoreFailedException when the store has failed or fails now
  public void sync() throws IOException {
    state.enterWriter();
    try {
      commits.sync();
    } finally {
      state.exitWriter();
    }
  }

  /// Reads every block of every table, and the manifest, and checks them. The log is checked
  /// whenever a store is opened.
  ///
  /// @throws dev.iobus.storage.file.CorruptionException at the first damage
  /// @throws IOException when something cannot be read
  public VerifyReport verify() throws IOException {
    ReadView view = views.acquire();
    try {
      return Verification.run(versions, view.version(), state);
    } finally {
      view.release();
    }
  }

  /// What the store has done and holds. Numbers of different parts are of slightly different
  /// moments.
  public StoreStats stats() {
    ReadView view = views.acquire();
    try {
      Version version = view.version();
      List<Integer> tablesPerLevel = new ArrayList<>();
      long tableBytes = 0;
      for (int level = 0; level < Version.LEVELS; level++) {
        tablesPerLevel.add(version.level(level).size());
        tableBytes += version.bytes(level);
      }
      return new StoreStats(
          bus.backend().label(),
          bus.reason(),
          files.codec(),
          wal.stats().primitive(),
          userBytes.get(),
          wal.stats().bytes() + wal.stats().paddedBytes() + files.bytesWritten(),
          tableBytes + wal.retainedBytes() + versions.manifestBytes(),
          memtables.bytes(),
          budget.reserved(),
          files.indexBytes(),
          state.flushShortage.memoryCount() + state.compactionShortage.memoryCount(),
          background.flushes(),
          background.compactions(),
          stall.stallNanos() + memtables.waitNanos(),
          tablesPerLevel);
    } finally {
      view.release();
    }
  }

  /// Ends the store: waits for calls that are inside and for the background tasks, writes what the
  /// log holds in memory, and gives the directory free. Open cursors and snapshots are of no more
  /// use; open value leases stay good. The second call waits for the first and does nothing.
  ///
  /// @throws IOException when the log could not be written: what was not yet durable may be lost
  @Override
  public void close() throws IOException {
    closing.finish();
  }
}
