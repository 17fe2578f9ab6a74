package dev.iobus.bench.jmh;

import dev.iobus.BusOptions;
import dev.iobus.SharedBus;
import dev.iobus.WriteFlag;
import dev.iobus.bench.host.DiskUse;
import dev.iobus.bench.workload.KeyChooser;
import dev.iobus.bench.workload.Scatter;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.page.BlockDecoder;
import dev.iobus.storage.page.BlockFile;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PageCacheOptions;
import dev.iobus.storage.page.PinnedBlock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// A hit of the page cache: pin, read 64 bytes, unpin; 10,000 frames of 4 KiB that all fit, hot
/// ones among them, and one single frame. Run with `-t 2` to see how it scales.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class PageCachePinBenchmark {

  private static final int BLOCKS = 10_000;
  private static final int CHOICES = 1 << 16;
  private static final int TOUCHED_BYTES = 64;
  private static final long MEMORY_BYTES = 128L << 20;

  private final long[] offsets = new long[CHOICES];
  private @Nullable Running running;

  /// What exists between set-up and tear-down.
  private record Running(
      Path path,
      SharedBus bus,
      DataDirectory directory,
      DataFile file,
      PageCache cache,
      BlockFile blocks) {}

  /// Where a thread is in the sequence of choices.
  @State(Scope.Thread)
  public static class Position {
    private int next = (int) Thread.currentThread().threadId() * 7_919;
  }

  /// Blocks that are stored as they are.
  private static final class PlainDecoder implements BlockDecoder {

    @Override
    public int verify(MemorySegment stored, long offset) {
      return (int) stored.byteSize();
    }

    @Override
    public void decode(MemorySegment stored, long offset, MemorySegment frame) {
      frame.copyFrom(stored);
    }
  }

  @Setup(Level.Trial)
  public void open() throws IOException {
    Path path = Files.createTempDirectory("page-cache-");
    SharedBus bus = SharedBus.open(BusOptions.defaults());
    DataDirectory directory = DataDirectory.open(bus, path);
    DataFile file = directory.create("blocks", false);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment block = arena.allocate(PageCache.PAGE_BYTES, PageCache.PAGE_BYTES);
      for (int i = 0; i < BLOCKS; i++) {
        block.set(ValueLayout.JAVA_LONG, 0, i);
        file.writeFully(block, (long) i * PageCache.PAGE_BYTES, WriteFlag.NONE);
      }
    }
    PageCache cache =
        PageCache.open(bus, new MemoryBudget(MEMORY_BYTES), PageCacheOptions.defaults());
    BlockFile blocks = cache.attach(file, 1, new PlainDecoder());
    KeyChooser chooser = KeyChooser.zipfian(BLOCKS, KeyChooser.YCSB_EXPONENT);
    for (int i = 0; i < CHOICES; i++) {
      offsets[i] = chooser.choose(Scatter.mix(i)) * PageCache.PAGE_BYTES;
    }
    running = new Running(path, bus, directory, file, cache, blocks);
    for (long offset : offsets) {
      touch(offset);
    }
  }

  private long touch(long offset) throws IOException {
    Running r = running;
    if (r == null) {
      throw new IllegalStateException("not set up");
    }
    try (PinnedBlock pinned = r.cache().pin(r.blocks(), offset, 1)) {
      MemorySegment block = pinned.segment();
      long sum = 0;
      for (long at = 0; at < TOUCHED_BYTES; at += Long.BYTES) {
        sum += block.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      }
      return sum;
    }
  }

  @Benchmark
  public long zipfian(Position position) throws IOException {
    return touch(offsets[position.next++ & CHOICES - 1]);
  }

  @Benchmark
  public long oneFrame() throws IOException {
    return touch(0);
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    Running r = running;
    if (r != null) {
      r.blocks().close();
      r.cache().close();
      r.file().close();
      r.directory().close();
      r.bus().close();
      DiskUse.remove(r.path());
    }
  }
}
