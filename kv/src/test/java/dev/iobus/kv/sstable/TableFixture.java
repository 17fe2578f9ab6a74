package dev.iobus.kv.sstable;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.kv.entry.ModelCursor.Entry;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PageCacheOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A directory, a cache and a budget for tables of a test. Confined to one thread.
final class TableFixture implements AutoCloseable {

  static final long FILE_ID = 0x1122334455667788L;

  final Path path;
  final SharedBus bus;
  final DataDirectory directory;
  final MemoryBudget budget = new MemoryBudget(256 << 20);
  final MemoryBudget.Account account;
  final PageCache cache;

  TableFixture(Path parent) throws IOException {
    path = Files.createTempDirectory(parent, "tables");
    bus = SharedBus.open(BusOptions.defaults().withBackend(BackendKind.NIO));
    directory = DataDirectory.open(bus, path);
    account = budget.open("tables", 64 << 20);
    cache = PageCache.open(bus, budget, PageCacheOptions.defaults());
  }

  TableProperties write(String name, List<Entry> entries, Codec codec) throws IOException {
    try (DataFile file = directory.create(name, false);
        SSTableWriter writer = new SSTableWriter(file, FILE_ID, account, codec, 10)) {
      for (Entry entry : entries) {
        writer.add(
            MemorySegment.ofArray(entry.key()), entry.tag(), MemorySegment.ofArray(entry.value()));
      }
      return writer.finish();
    }
  }

  DataFile open(String name) throws IOException {
    return directory.open(name, false, OpenFlag.READ);
  }

  @Override
  public void close() throws IOException {
    cache.close();
    if (account.reserved() != 0) {
      throw new AssertionError(account.reserved() + " bytes are still reserved");
    }
    account.close();
    directory.close();
    bus.close();
  }
}
