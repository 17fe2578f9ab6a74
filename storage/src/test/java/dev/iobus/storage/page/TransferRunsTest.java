package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.iobus.BackendKind;
import dev.iobus.SharedBus;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.TestBus;
import dev.iobus.storage.memory.MemoryBudget;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferRunsTest {

  @TempDir Path temp;

  @Test
  void neighboursOfOneFileAreOneTransfer() throws Exception {
    try (SharedBus bus = TestBus.open(BackendKind.NIO);
        DataDirectory directory = DataDirectory.open(bus, temp.resolve("data"));
        DataFile file = TestBlocks.write(directory, "a", 1, 1, 1, 8);
        PageCache cache =
            PageCache.open(bus, new MemoryBudget(16 << 20), PageCacheOptions.defaults());
        BlockFile a = cache.attach(file, 1, new TestBlocks(1, file.path()));
        BlockFile b = cache.attach(file, 2, new TestBlocks(2, file.path()))) {
      assertEquals(
          List.of(3, 1, 2),
          pages(TransferRuns.of(List.of(at(a, 0, 1), at(a, 1, 2), at(a, 7, 1), at(b, 8, 2)), 64)));

      // 100 pages in a row: runs of 128 KiB at most, as many as fit.
      List<BlockLoad> row = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        row.add(at(a, i, 1));
      }
      TransferRuns<BlockLoad> runs = TransferRuns.of(row, 70);
      assertEquals(List.of(32, 32, 6), pages(runs));
      assertEquals(70, runs.blocks().size());
      assertEquals(3, runs.transferCount());
      assertEquals(32, runs.blocks(1).size());
      assertSame(row.get(32), runs.blocks(1).getFirst());
      assertSame(row.get(69), runs.blocks(2).getLast());

      // A block past that length is a run of its own, and one past 512 KiB has several transfers.
      TransferRuns<BlockLoad> large = TransferRuns.of(List.of(at(a, 0, 1), at(a, 1, 200), at(a, 201, 1)), 300);
      assertEquals(List.of(1, 200, 1), pages(large));
      assertEquals(4, large.transferCount());
      assertEquals(0, TransferRuns.of(List.of(at(a, 0, 301)), 300).count());

      // No more than 64 transfers, however small they are.
      List<BlockLoad> apart = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        apart.add(at(a, 2 * i, 1));
      }
      assertEquals(64, TransferRuns.of(apart, 1024).count());
    }
  }

  private static BlockLoad at(BlockFile file, int page, int pages) {
    return new BlockLoad(file, page * 4096L, pages, BlockLoad.Keep.IN_FRAME);
  }

  private static List<Integer> pages(TransferRuns<BlockLoad> runs) {
    List<Integer> pages = new ArrayList<>();
    for (int run = 0; run < runs.count(); run++) {
      pages.add(runs.pages()[run]);
    }
    return pages;
  }
}
