package dev.iobus.bench.bus;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.workload.Scatter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/// The blocks of one job in its file, for one run of one contender: which is next, what memory
/// must hold before its transfer, and what after.
///
/// A read must bring every page that was asked for. A write must take every byte, and when the run
/// is over [#verify()] finds each block that was written with the mark of this run, and each other
/// block without it.
///
/// Thread-safe; the memory of a transfer is its caller's.
final class Blocks {

  private final Job job;
  private final BlockFile file;
  private final long generation;
  private final int count;
  private final long seed;
  private final AtomicLong cursor = new AtomicLong();

  /// Which blocks a write has ended for. Elements are set by any thread and read when all ended.
  private final boolean[] written;

  /// @param generation the number of the run, above that of all earlier runs on the file; decides
  ///     the order of random blocks
  Blocks(Job job, BlockFile file, long generation) {
    this.job = job;
    this.file = file;
    this.generation = generation;
    this.count = Math.toIntExact(file.bytes() / job.blockLength());
    if (count < 1) {
      throw new IllegalArgumentException(
          "a file of " + file.bytes() + " bytes has no block of " + job.blockLength());
    }
    this.seed = Scatter.mix(generation);
    this.written = new boolean[job.access().isWrite() ? count : 0];
  }

  Job job() {
    return job;
  }

  BlockFile file() {
    return file;
  }

  /// The block that is next.
  int next() {
    long index = cursor.getAndIncrement();
    return (int)
        (job.access().isRandom()
            ? Scatter.below(Scatter.mix(seed + index), count)
            : index % count);
  }

  long offsetOf(int block) {
    return (long) block * job.blockLength();
  }

  /// Makes the memory from `at` on ready for the transfer of `block`.
  void prepare(int block, MemorySegment memory, long at) {
    long first = (long) block * job.pagesPerBlock();
    boolean writes = job.access().isWrite();
    for (int i = 0; i < job.pagesPerBlock(); i++) {
      long pageAt = at + (long) i * PageFormat.LENGTH;
      if (writes) {
        PageFormat.stamp(memory, pageAt, first + i, generation);
      } else {
        PageFormat.clear(memory, pageAt);
      }
    }
  }

  /// Judges a transfer that has ended.
  ///
  /// @param length the bytes that were transferred, −1 at the end of the file
  /// @throws MismatchException when it was short, or a read brought something else
  void check(int block, long length, MemorySegment memory, long at) throws MismatchException {
    if (length != job.blockLength()) {
      throw new MismatchException(
          describe(block)
              + ": expected " + job.blockLength() + " bytes, found "
              + (length < 0 ? "the end of the file" : Long.toString(length)));
    }
    if (job.access().isWrite()) {
      written[block] = true;
      return;
    }
    long first = (long) block * job.pagesPerBlock();
    for (int i = 0; i < job.pagesPerBlock(); i++) {
      checkNumber(block, first + i, PageFormat.numberAt(memory, at + (long) i * PageFormat.LENGTH));
    }
  }

  /// Judges one page of a block that was read page by page.
  ///
  /// @throws MismatchException when it is another one
  void checkPage(int block, int page, MemorySegment memory) throws MismatchException {
    long expected = (long) block * job.pagesPerBlock() + page;
    checkNumber(block, expected, PageFormat.numberAt(memory, 0));
  }

  private void checkNumber(int block, long expected, long found) throws MismatchException {
    if (found != expected) {
      throw new MismatchException(
          describe(block)
              + ": expected page " + expected + ", found "
              + (found < 0 || found >= file.pages() ? "no page of this file" : "page " + found));
    }
  }

  /// The failure of the transfer of `block`.
  IOException failed(int block, IOException cause) {
    return new IOException(
        describe(block)
            + ": expected " + job.blockLength() + " bytes, found " + cause.getMessage(),
        cause);
  }

  private String describe(int block) {
    return job.label() + ": block " + block + " at offset " + offsetOf(block);
  }

  /// Reads the whole file back, in the way in which it was written, and checks every page.
  ///
  /// @throws MismatchException when a page is not where it must be, a write is missing, or one is
  ///     there that was never made
  void verify() throws IOException, MismatchException {
    file.scan(job.caching(), this::verifyPage);
  }

  private void verifyPage(long page, MemorySegment memory, long at) throws MismatchException {
    long block = page / job.pagesPerBlock();
    if (block >= count) {
      return; // The rest of the file, shorter than a block.
    }
    checkNumber((int) block, page, PageFormat.numberAt(memory, at));
    long found = PageFormat.generationAt(memory, at);
    boolean expected = job.access().isWrite() && written[(int) block];
    if (expected != (found == generation)) {
      throw new MismatchException(
          describe((int) block)
              + ": expected page " + page + (expected ? " of run " : " of a run before ")
              + generation + ", found it of run " + found);
    }
  }
}
