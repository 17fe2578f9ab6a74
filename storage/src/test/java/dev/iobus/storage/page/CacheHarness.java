package dev.iobus.storage.page;

import dev.iobus.BackendKind;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A bus and a directory on it, in which tests open files and caches. What it keeps is closed with
/// it, the last first.
final class CacheHarness implements AutoCloseable {

  static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(2);

  private final SharedBus bus = TestBus.open(BackendKind.NIO);
  private final List<AutoCloseable> kept = new ArrayList<>(List.of(bus));
  private final DataDirectory directory;

  /// @param temp the directory is made in it
  CacheHarness(Path temp) throws IOException {
    directory = keep(DataDirectory.open(bus, temp.resolve("data")));
  }

  <T extends AutoCloseable> T keep(T resource) {
    kept.add(resource);
    return resource;
  }

  SharedBus bus() {
    return bus;
  }

  DataDirectory directory() {
    return directory;
  }

  /// A cache with a budget of its own.
  PageCache cache(long budgetBytes) throws IOException {
    return cache(budgetBytes, OPTIONS);
  }

  PageCache cache(long budgetBytes, PageCacheOptions options) throws IOException {
    return keep(PageCache.open(bus, new MemoryBudget(budgetBytes), options));
  }

  /// See [TestBlocks#write].
  DataFile write(String name, long fileId, int count, int pages, int... decodedLengths)
      throws IOException {
    return keep(TestBlocks.write(directory, name, fileId, count, pages, decodedLengths));
  }

  BlockFile attach(PageCache cache, DataFile file, TestBlocks blocks) {
    return keep(cache.attach(file, blocks.fileId, blocks));
  }

  @Override
  public void close() throws IOException {
    for (AutoCloseable resource : kept.reversed()) {
      try {
        resource.close();
      } catch (IOException | RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }
}
