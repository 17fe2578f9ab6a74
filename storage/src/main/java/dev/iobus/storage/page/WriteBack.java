package dev.iobus.storage.page;

import dev.iobus.BusFile;
import dev.iobus.IoBatch;
import dev.iobus.SharedBus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Writes versions of pages to their file, never ahead of the log. Thread-safe.
///
/// The log is waited for first, while nothing is held; then the pages are encoded and written, all
/// of a step together, those that lie side by side in one transfer.
final class WriteBack {

  private final SharedBus bus;
  private final IoSlab slab;

  /// Pages of the slab that one step uses at most.
  private final int stepPages;

  final LongAdder writes = new LongAdder();

  WriteBack(SharedBus bus, IoSlab slab) {
    this.bus = bus;
    this.slab = slab;
    this.stepPages = Math.max(1, slab.pageCount() / 4);
  }

  /// Pages that the largest block may have.
  int blockPagesMax() {
    return stepPages;
  }

  /// Writes pages that were taken from `dirty`, and gives each of them back there.
  ///
  /// @throws IOException when the log or a write fails: the pages concerned stay dirty, and what
  ///     the file holds of them is unknown
  void write(DirtyPages dirty, List<DirtyPage> pages, BlockCodec codec, DurableLog log)
      throws IOException {
    List<DirtyPage> left = pages;
    IOException failure = null;
    try {
      left = pages.stream().sorted(Comparator.comparingLong(DirtyPage::offset)).toList();
      log.awaitDurable(left.stream().mapToLong(page -> page.writingEndLsn).max().orElse(0));
      while (!left.isEmpty()) {
        TransferRuns<DirtyPage> step = TransferRuns.of(left, stepPages);
        IOException failed = writeStep(dirty, step, codec);
        left = left.subList(step.blocks().size(), left.size());
        failure = failure != null ? failure : failed;
      }
    } finally {
      left.forEach(page -> dirty.written(page, false));
    }
    if (failure != null) {
      throw failure;
    }
  }

  /// Writes the pages of one step and gives them back; returns the first failure.
  private @Nullable IOException writeStep(
      DirtyPages dirty, TransferRuns<DirtyPage> runs, BlockCodec codec) throws IOException {
    int[] firstPages = new int[runs.count()];
    BlockFile file = runs.blocks().getFirst().file();
    file.file().requireSyncable("write");
    file.enterTransfer();
    try {
      slab.take(runs.pages(), runs.count(), firstPages);
      return writeFrom(firstPages, dirty, runs, codec);
    } finally {
      file.leaveTransfer();
    }
  }

  /// From pages of the slab, which it gives back.
  private @Nullable IOException writeFrom(
      int[] firstPages, DirtyPages dirty, TransferRuns<DirtyPage> runs, BlockCodec codec)
      throws IOException {
    boolean mine = true;
    Throwable failure = null;
    try {
      IoBatch batch = bus.newBatch(runs.transferCount());
      for (int run = 0; run < runs.count(); run++) {
        MemorySegment stored = slab.memory(firstPages[run], runs.pages()[run]);
        encode(runs.blocks(run), codec, stored);
        DirtyPage first = runs.blocks(run).getFirst();
        BusFile file = first.file().file().file();
        slab.addWrites(batch, file, firstPages[run], runs.bytes(run), first.offset());
      }
      mine = false;
      batch.await();
      mine = true;
      return endAll(dirty, runs, batch);
    } catch (IOException | RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      if (mine || failure == null) {
        slab.giveBack(runs.pages(), runs.count(), firstPages);
      } else {
        // The bus failed with transfers in flight: the kernel may still read these pages.
        slab.abandon(failure);
      }
    }
  }

  private static void encode(List<DirtyPage> pages, BlockCodec codec, MemorySegment run) {
    long at = 0;
    run.fill((byte) 0);
    for (DirtyPage page : pages) {
      Frame version = page.writing;
      assert version != null : "a page is written that was not taken";
      codec.encode(version.bytes(), page.offset(), run.asSlice(at, page.bytes()));
      at += page.bytes();
    }
  }

  private @Nullable IOException endAll(
      DirtyPages dirty, TransferRuns<DirtyPage> runs, IoBatch batch) {
    IOException first = null;
    int transfer = 0;
    for (int run = 0; run < runs.count(); run++) {
      IOException failure = null;
      int transfers = TransferRuns.transferCount(runs.bytes(run));
      for (int i = 0; i < transfers; i++) {
        try {
          batch.result(transfer++);
        } catch (IOException e) {
          failure = e;
        }
      }
      for (DirtyPage page : runs.blocks(run)) {
        dirty.written(page, failure == null);
        writes.add(failure == null ? 1 : 0);
      }
      first = first != null ? first : failure;
    }
    return first;
  }
}
