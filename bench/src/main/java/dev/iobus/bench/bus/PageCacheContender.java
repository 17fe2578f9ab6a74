package dev.iobus.bench.bus;

import dev.iobus.BackendKind;
import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.measure.Workers;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.BlockDecoder;
import dev.iobus.storage.page.BlockLayout;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PageCacheOptions;
import dev.iobus.storage.page.PinnedBlock;
import dev.iobus.storage.page.ReadAhead;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads pages of 4 KiB through a [PageCache] whose frames are a small part of the file, so that
/// nearly all of them are read from it: with `RANDREAD` each virtual thread pins one at a time, as
/// many as the job is deep; with `READ` one caller goes through the file and is read ahead of.
final class PageCacheContender implements Contender {

  private static final long FRAME_BYTES = 8L << 20;
  private static final long OTHER_BYTES = 24L << 20;

  private final Blocks blocks;
  private final SharedBus bus;
  private final DataDirectory directory;
  private final DataFile data;
  private final PageCache cache;
  private final dev.iobus.storage.page.BlockFile file;
  private final ReadAhead reader;

  /// Pages that are stored as they are.
  private static final class Plain implements BlockDecoder {

    @Override
    public int verify(MemorySegment stored, long offset) {
      return (int) stored.byteSize();
    }

    @Override
    public void decode(MemorySegment stored, long offset, MemorySegment frame) {
      frame.copyFrom(stored);
    }
  }

  /// @param backend the backend to use; null for the best that this host allows
  PageCacheContender(Blocks blocks, @Nullable BackendKind backend) throws IOException {
    this.blocks = blocks;
    Path path = blocks.file().path();
    bus = SharedBus.open(BusOptions.defaults().withBackend(backend));
    try {
      directory = DataDirectory.open(bus, Objects.requireNonNull(path.getParent()));
      String name = Objects.requireNonNull(path.getFileName()).toString();
      data = directory.open(name, blocks.job().isDirect(), OpenFlag.READ);
      cache =
          PageCache.open(
              bus,
              new MemoryBudget(FRAME_BYTES + OTHER_BYTES),
              PageCacheOptions.defaults().withReaders(8).withFrameBytesMax(FRAME_BYTES));
      file = cache.attach(data, 1, new Plain());
      reader = cache.readAhead(file, BlockLayout.fixed(1, blocks.file().bytes()));
    } catch (IOException | RuntimeException e) {
      bus.close();
      throw e;
    }
  }

  @Override
  public String describe() {
    return (FRAME_BYTES >> 20) + " MiB of frames; " + bus.reason();
  }

  @Override
  public Outcome run(long nanos) throws Exception {
    boolean random = blocks.job().access().isRandom();
    Workers workers =
        random
            ? new Workers(Workers.Kind.VIRTUAL, blocks.job().depth(), Progress.none())
            : new Workers(Workers.Kind.PLATFORM, 1, Progress.none());
    return Outcome.here(workers.runFor("pages", nanos, random ? this::pinOne : this::readOn));
  }

  private long pinOne(long index, Stopwatch stopwatch) throws Exception {
    int block = blocks.next();
    int pages = blocks.job().pagesPerBlock();
    try (PinnedBlock pinned = cache.pin(file, blocks.offsetOf(block), pages)) {
      stopwatch.stop();
      blocks.check(block, pinned.length(), pinned.segment(), 0);
      return pinned.length();
    } catch (IOException e) {
      throw blocks.failed(block, e);
    }
  }

  /// A block of the job is so many pages in a row here.
  private long readOn(long index, Stopwatch stopwatch) throws Exception {
    int block = blocks.next();
    long from = blocks.offsetOf(block);
    try {
      for (int page = 0; page < blocks.job().pagesPerBlock(); page++) {
        try (PinnedBlock pinned = reader.pin(from + (long) page * PageFormat.LENGTH)) {
          blocks.checkPage(block, page, pinned.segment());
        }
      }
    } catch (IOException e) {
      throw blocks.failed(block, e);
    }
    stopwatch.stop();
    return blocks.job().blockLength();
  }

  @Override
  public void close() throws IOException {
    file.close();
    cache.close();
    data.close();
    directory.close();
    bus.close();
  }
}
