package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.jspecify.annotations.Nullable;

/// Random edits, pins, flushes, failures of the log and losses of memory against a model: what each
/// page must hold, and what its file may hold.
class PageFileProperties {

  private static final long FILE_ID = 11;
  private static final int PAGES = 400;
  private static final int STEPS = 1_500;

  /// One commit of a page.
  private record Version(long number, long lsn, long endLsn) {}

  /// The model: the versions of each page, oldest first, from the one that was durable last; and
  /// the log.
  private static final class Model implements DurableLog {
    final Map<Integer, List<Version>> versions = new HashMap<>();
    final List<PinnedBlock> pinned = new ArrayList<>();
    final List<Long> pinnedNumbers = new ArrayList<>();
    long tail;
    long durable;
    boolean failing;

    @Override
    public void awaitDurable(long lsn) throws IOException {
      assertTrue(lsn <= tail, "asked for an LSN that no commit named");
      if (failing) {
        throw new IOException("the log failed");
      }
      durable = Math.max(durable, lsn);
    }

    @Nullable Version newest(int page) {
      List<Version> all = versions.get(page);
      return all == null ? null : all.getLast();
    }

    void commit(int page, Version version) {
      versions.computeIfAbsent(page, p -> new ArrayList<>()).add(version);
    }

    /// What is durable now need not be told again.
    void flushed() {
      versions.replaceAll((page, all) -> new ArrayList<>(List.of(all.getLast())));
    }

    /// Memory was lost: what the file has is the truth.
    void lost(int page, long stored) {
      List<Version> all = versions.get(page);
      if (all == null) {
        assertEquals(-1, stored);
        return;
      }
      if (stored == -1) {
        versions.remove(page);
        return;
      }
      List<Version> found = all.stream().filter(v -> v.number() == stored).toList();
      assertEquals(1, found.size(), "page " + page + " holds " + stored + ", not one of " + all);
      assertTrue(found.getFirst().endLsn() <= durable, "page " + page + " is ahead of the log");
      versions.put(page, new ArrayList<>(found));
    }
  }

  @Property(tries = 6, shrinking = ShrinkingMode.OFF)
  void everyPageHoldsItsNewestVersion(@ForAll long seed) throws Exception {
    Path temp = Files.createTempDirectory("page-file-");
    try {
      everyPageHoldsItsNewestVersion(seed, temp.resolve("data"));
    } finally {
      try (var files = Files.walk(temp)) {
        for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static void everyPageHoldsItsNewestVersion(long seed, Path path) throws Exception {
    MemoryBudget budget = new MemoryBudget((128 << 10) + (1 << 20) + (64 << 10) + (1 << 20));
    PageCacheOptions options =
        PageCacheOptions.defaults().withIoBufferBytes(128 << 10).withReaders(1);
    try (SharedBus bus = TestBus.open(BackendKind.NIO);
        DataDirectory directory = DataDirectory.open(bus, path);
        DataFile data = directory.create("pages", false);
        PageCache cache = PageCache.open(bus, budget, options)) {
      Model model = new Model();
      TestPages codec = new TestPages(FILE_ID, data.path());
      PageFile file = cache.attachPages(data, FILE_ID, codec, model);
      Random random = new Random(seed);
      try {
        for (int step = 0; step < STEPS; step++) {
          file = step(random, model, cache, data, codec, file);
          assertTrue(budget.available() >= 0);
        }
        model.pinned.forEach(PinnedBlock::close);
        model.failing = false;
        file.close();
        for (int page = 0; page < PAGES; page++) {
          Version newest = model.newest(page);
          long stored = TestPages.stored(data, FILE_ID, page * 4096L);
          assertEquals(newest == null ? -1 : newest.number(), stored);
        }
      } finally {
        model.pinned.forEach(PinnedBlock::close);
        file.discard();
      }
    }
    assertEquals(0, budget.reserved());
  }

  private static PageFile step(
      Random random, Model model, PageCache cache, DataFile data, TestPages codec, PageFile file)
      throws IOException {
    int page = random.nextInt(PAGES);
    switch (random.nextInt(100)) {
      case 0 -> {
        model.failing = !model.failing;
      }
      case 1, 2 -> {
        if (model.failing && file.dirtyPages() > 0) {
          assertThrows(IOException.class, file::flush);
        } else {
          file.flush();
          model.flushed();
          assertEquals(Long.MAX_VALUE, file.neededFromLsn());
        }
      }
      case 3 -> {
        model.pinned.forEach(PinnedBlock::close);
        model.pinned.clear();
        model.pinnedNumbers.clear();
      }
      case 4 -> {
        file.discard();
        for (int i = 0; i < PAGES; i++) {
          model.lost(i, TestPages.stored(data, FILE_ID, i * 4096L));
        }
        return cache.attachPages(data, FILE_ID, codec, model);
      }
      case 5, 6, 7, 8, 9 -> cache.prefetch(file.blocks(), page * 4096L, 1);
      default -> {
        if (random.nextInt(3) == 0) {
          change(random, model, file, page);
        } else {
          pin(random, model, cache, file, page);
        }
      }
    }
    for (int i = 0; i < model.pinned.size(); i++) {
      assertEquals(
          model.pinnedNumbers.get(i), TestPages.number(model.pinned.get(i).segment()));
    }
    return file;
  }

  private static void change(Random random, Model model, PageFile file, int page)
      throws IOException {
    Version newest = model.newest(page);
    boolean create = newest == null || random.nextInt(4) == 0;
    PageEdit opened;
    try {
      opened =
          create
              ? file.create(page * 4096L, 1, TestPages.LENGTH)
              : file.edit(page * 4096L, 1);
    } catch (IOException e) {
      assertTrue(model.failing, "an edit failed: " + e);
      return;
    }
    try (PageEdit edit = opened) {
      long before = TestPages.number(edit.segment());
      assertEquals(create || newest == null ? 0 : newest.number(), before);
      Version version =
          new Version(1 + random.nextInt(1 << 30), model.tail, model.tail + 1 + page % 3);
      TestPages.fill(edit.segment(), version.number());
      if (random.nextInt(5) > 0) {
        model.tail = version.endLsn();
        edit.commit(version.lsn(), version.endLsn());
        model.commit(page, version);
        assertTrue(file.neededFromLsn() <= version.lsn());
      }
    }
  }

  private static void pin(
      Random random, Model model, PageCache cache, PageFile file, int page) throws IOException {
    Version newest = model.newest(page);
    if (newest == null) {
      return;
    }
    PinnedBlock pinned = cache.pin(file.blocks(), page * 4096L, 1);
    assertEquals(newest.number(), TestPages.number(pinned.segment()));
    if (model.pinned.size() < 5 && random.nextInt(20) == 0) {
      model.pinned.add(pinned);
      model.pinnedNumbers.add(newest.number());
    } else {
      pinned.close();
    }
  }
}
