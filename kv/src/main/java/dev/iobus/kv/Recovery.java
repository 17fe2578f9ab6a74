package dev.iobus.kv;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.kv.sstable.Codec;
import dev.iobus.kv.version.FileNames;
import dev.iobus.kv.version.FileNumbers;
import dev.iobus.kv.version.ManifestState;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.TableFiles;
import dev.iobus.kv.version.TableInfo;
import dev.iobus.kv.version.VersionEdit;
import dev.iobus.kv.version.VersionSet;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.wal.Wal;
import dev.iobus.storage.wal.WalStart;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// From a directory to a live store: manifest, tables, log. Confined to the thread that opens.
///
/// Nothing that was there is changed before everything was read and checked: tables that the log
/// fills while it is read are named by no manifest until the new one is. So a recovery that ends
/// early, by a crash too, leaves what the next one needs, and two recoveries without a write between
/// them find the same.
final class Recovery {

  private final StoreOptions options;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  // Set in this order, each with what is above it.
  private final SharedBus bus;
  private final DataDirectory directory;
  private final MemoryPlan memory;
  private final MemoryBudget budget;
  private final MemoryBudget.Account manifestAccount;
  private final ManifestState manifest;
  private final List<String> names;
  private final PageCache cache;
  private final FileNumbers numbers;
  private final TableFiles files;

  /// Tables of the manifest, and those that the log has filled.
  private final List<Table> tables = new ArrayList<>();

  private final VersionEdit edit = new VersionEdit();
  private final MemoryBudget.Account memtableAccount;

  // Owned by the replay of the log.
  private LoggedMemtable memtable;
  private long lastSequence;

  /// Opens a store.
  ///
  /// @throws IOException see [Store#open(Path, StoreOptions)]; nothing is left open then
  static Store open(Path path, StoreOptions options) throws IOException {
    return new Recovery(path, options).finish();
  }

  private Recovery(Path path, StoreOptions options) throws IOException {
    this.options = options;
    try {
      bus =
          keep(
              SharedBus.open(
                  BusOptions.defaults()
                      .withBackend(options.backend())
                      .withScheduler(options.scheduler())));
      directory = keep(DataDirectory.open(bus, path, Recovery::requireNoForeigner));
      long manifestFloor = VersionSet.floorBytes(directory.blockSize());
      memory = MemoryPlan.of(options, manifestFloor);
      budget = new MemoryBudget(options.memoryBytes());
      manifestAccount = keep(budget.open("manifest", manifestFloor));
      manifest = readManifest(directory.list());
      names = directory.list();
      memtableAccount = keep(budget.open("memtables", memory.memtableFloorBytes()));
      cache = keep(PageCache.open(bus, budget, memory.cache()));
      numbers = FileNumbers.above(manifest, names, options.scheduler());
      files =
          keep(
              TableFiles.open(
                  directory,
                  cache,
                  numbers,
                  options.compression() ? Codec.LZ4 : Codec.NONE,
                  budget,
                  memory.indexFloorBytes(),
                  memory.writerFloorBytes()));
      openTables();
      memtable = newMemtable(0);
      lastSequence = manifest.lastSequence();
    } catch (Throwable t) {
      undo(t);
      throw t;
    }
  }

  private <T extends AutoCloseable> T keep(T resource) {
    opened.push(resource);
    return resource;
  }

  /// Closes what was opened, last first.
  private void undo(Throwable failure) {
    for (AutoCloseable resource : opened) {
      try {
        resource.close();
      } catch (Exception suppressed) {
        failure.addSuppressed(suppressed);
      }
    }
    opened.clear();
  }

  /// Refuses a directory that holds files, none of which a store would be without. A store that
  /// another process has open is not mistaken: it always has a log or a manifest, whatever of them
  /// is made and deleted while the names are read.
  private static void requireNoForeigner(Path directory, List<String> names)
      throws NotAStoreException {
    String foreign = null;
    for (String name : names) {
      if (FileNames.numberOf(FileKind.MANIFEST, name) >= 0 || isOfAStore(name)) {
        return;
      }
      foreign = foreign != null || FileNames.isTemporaryManifest(name) ? foreign : name;
    }
    if (foreign != null) {
      throw new NotAStoreException(
          directory
              + " is not empty and no store: it holds "
              + names.size()
              + " files, such as "
              + foreign
              + ", and no manifest; open a new or an empty directory");
    }
  }

  /// Whether it is the name of a file that is there only when there is a manifest.
  private static boolean isOfAStore(String name) {
    return name.startsWith(FileNames.LOG_PREFIX + "-")
        || FileNames.numberOf(FileKind.SSTABLE, name) >= 0;
  }

  /// @param found what the directory holds
  private ManifestState readManifest(List<String> found) throws IOException {
    ManifestState state = VersionSet.read(directory, found, manifestAccount);
    if (state != null) {
      return state;
    }
    for (String name : found) {
      if (isOfAStore(name)) {
        throw new CorruptionException(
            directory.path().toString(), 0, "there is no manifest, but a store's file " + name);
      }
    }
    for (String name : found) {
      // A temporary manifest, left by a crash while the store was being made.
      directory.delete(name);
    }
    return VersionSet.initialize(directory, options.scheduler(), manifestAccount);
  }

  private void openTables() throws IOException {
    for (TableInfo info : manifest.tables()) {
      if (!names.contains(info.fileName())) {
        throw new CorruptionException(
            directory.path().resolve(info.fileName()).toString(),
            0,
            "the manifest names this table of " + info.sizeBytes() + " bytes, it is not there");
      }
      tables.add(keep(files.open(info)));
    }
  }

  private Store finish() throws IOException {
    try {
      Wal wal =
          keep(
              Wal.open(
                  directory,
                  memory.log(options),
                  new WalStart(manifest.logStart(), manifest.durableMark()),
                  budget,
                  this::replay));
      long logStart = memtable.isEmpty() ? wal.tail() : memtable.firstLsn();
      edit.logStart(logStart).durableMark(wal.durableLsn());
      VersionSet versions =
          keep(
              VersionSet.open(
                  directory,
                  options.scheduler(),
                  names,
                  manifest,
                  edit,
                  numbers,
                  tables,
                  manifestAccount));
      wal.release(logStart);
      for (String orphan : versions.orphans(directory.list())) {
        directory.delete(orphan);
      }
      return new Store(
          options,
          memory,
          bus,
          directory,
          budget,
          memtableAccount,
          cache,
          files,
          versions,
          wal,
          memtable,
          lastSequence);
    } catch (Throwable t) {
      memtable.memtable.close();
      undo(t);
      throw t;
    }
  }

  /// Takes one record of the log.
  private void replay(long lsn, long end, MemorySegment payload) throws IOException {
    LogRecordReader entries = new LogRecordReader(directory.path().resolve("log").toString());
    entries.open(lsn, payload, payload.byteSize());
    long base = entries.baseSequence();
    int count = entries.count();
    if (base != lastSequence + 1) {
      throw new CorruptionException(
          directory.path().resolve("log").toString(),
          lsn,
          "the record begins with sequence " + base + ", expected " + (lastSequence + 1));
    }
    long bytes = 0;
    while (entries.next()) {
      bytes += entries.memtableBytes();
    }
    if (!memtable.memtable.tryReserve(bytes)) {
      spill(bytes);
    }
    entries.open(lsn, payload, payload.byteSize());
    while (entries.next()) {
      entries.addTo(memtable.memtable);
    }
    lastSequence = base + count - 1;
    memtable.include(lsn, end, lastSequence);
  }

  /// Makes a table of the full memtable; the manifest names it when the whole log was read.
  private void spill(long bytes) throws IOException {
    LoggedMemtable full = memtable;
    for (Table table : Flush.run(full.memtable, files, new long[] {lastSequence})) {
      tables.add(keep(table));
      edit.add(table.info());
    }
    if (!full.isEmpty()) {
      edit.lastSequence(full.lastSequence());
    }
    LoggedMemtable next = newMemtable(bytes);
    full.memtable.close();
    memtable = next;
    if (!next.memtable.tryReserve(bytes)) {
      throw new AssertionError("a memtable made for " + bytes + " bytes does not take them");
    }
  }

  private LoggedMemtable newMemtable(long bytes) {
    long capacity = Math.max(options.memtableCapacity(), Memtable.capacityFor(bytes));
    Memtable fresh = Memtable.create(memtableAccount, capacity);
    if (fresh == null) {
      throw new IllegalArgumentException(
          "memoryBytes "
              + options.memoryBytes()
              + " is too small for the log: it holds a batch of "
              + capacity
              + " bytes; open the store with the memory it was written with");
    }
    return new LoggedMemtable(fresh);
  }
}
