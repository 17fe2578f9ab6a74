package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.storage.file.DataFile;
import java.io.IOException;

/// A file whose pages are changed, in a cache of its own.
record PageBed(PageCache cache, DataFile data, TestPages codec, TestLog log, PageFile file) {

  static final long FILE_ID = 5;
  static final PageCacheOptions OPTIONS =
      PageCacheOptions.defaults().withIoBufferBytes(256 << 10).withReaders(1);

  /// A new file; in the end what is not written is discarded.
  ///
  /// @param frameBytes what the cache has for frames
  static PageBed open(CacheHarness harness, long frameBytes) throws IOException {
    return open(harness, harness.keep(harness.directory().create("pages", false)), frameBytes);
  }

  static PageBed open(CacheHarness harness, DataFile data, long frameBytes) throws IOException {
    assertEquals(harness.directory().path().resolve(data.name()).toString(), data.path());
    PageCache cache =
        harness.cache((256 << 10) + (1 << 20) + (64 << 10) + frameBytes, OPTIONS);
    TestPages codec = new TestPages(FILE_ID, data.path());
    TestLog log = new TestLog();
    PageFile file = cache.attachPages(data, FILE_ID, codec, log);
    harness.keep(file::discard);
    return new PageBed(cache, data, codec, log, file);
  }

  void put(long page, long number, long lsn) throws IOException {
    try (PageEdit edit = file.create(page * 4096, 1, TestPages.LENGTH)) {
      TestPages.fill(edit.segment(), number);
      edit.commit(lsn, lsn + 1);
    }
  }

  long get(long page) throws IOException {
    try (PinnedBlock pinned = cache.pin(file.blocks(), page * 4096, 1)) {
      return TestPages.number(pinned.segment());
    }
  }

  /// The number that the page has in the file.
  long stored(long page) throws IOException {
    return TestPages.stored(data, FILE_ID, page * 4096);
  }
}
