package dev.iobus.bench.bus;

import dev.iobus.bench.measure.MismatchException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// A file of pages as [PageFormat] describes them. Immutable; what it holds changes.
///
/// @param path where it lies
/// @param pages how many pages it has
record BlockFile(Path path, long pages) {

  private static final int PAGES_PER_PART = 256;
  private static final int PART_LENGTH = PAGES_PER_PART * PageFormat.LENGTH;

  /// Looks at one page while a file is read from its beginning to its end.
  @FunctionalInterface
  interface PageVisitor {

    /// Looks at one page.
    ///
    /// @param memory where the page is, at `at`
    void visit(long page, MemorySegment memory, long at) throws MismatchException;
  }

  /// Writes the file and syncs it.
  ///
  /// @param bytes its length, rounded down to whole pages
  static BlockFile create(Path path, long bytes) throws IOException {
    BlockFile file = new BlockFile(path, bytes / PageFormat.LENGTH);
    ByteBuffer buffer = alignedBuffer(PART_LENGTH);
    MemorySegment memory = MemorySegment.ofBuffer(buffer);
    SplittableRandom random = new SplittableRandom(file.pages);
    byte[] part = new byte[PART_LENGTH];
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long first = 0; first < file.pages; first += PAGES_PER_PART) {
        random.nextBytes(part);
        buffer.clear().put(part);
        int count = (int) Math.min(PAGES_PER_PART, file.pages - first);
        for (int i = 0; i < count; i++) {
          PageFormat.stamp(memory, (long) i * PageFormat.LENGTH, first + i, 0);
        }
        buffer.clear().limit(count * PageFormat.LENGTH);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
      }
      channel.force(true);
    }
    return file;
  }

  /// A buffer that direct transfers accept.
  static ByteBuffer alignedBuffer(int length) {
    return ByteBuffer.allocateDirect(length + PageFormat.LENGTH)
        .alignedSlice(PageFormat.LENGTH)
        .slice(0, length);
  }

  long bytes() {
    return pages * PageFormat.LENGTH;
  }

  /// Opens the file.
  FileChannel open(Caching caching, StandardOpenOption access) throws IOException {
    Set<OpenOption> options = new HashSet<>(List.of(caching.openOptions()));
    options.add(access);
    return FileChannel.open(path, options);
  }

  /// Why the file cannot be read past the page cache; null when it can.
  @Nullable String directRefusal() {
    try (FileChannel channel = open(Caching.DIRECT, StandardOpenOption.READ)) {
      int length = channel.read(alignedBuffer(PageFormat.LENGTH), 0);
      return length == PageFormat.LENGTH ? null : "a read of one page gave " + length + " bytes";
    } catch (IOException | UnsupportedOperationException e) {
      return e.toString();
    }
  }

  /// Makes what was written durable, so that no later run pays for it.
  void sync() throws IOException {
    try (FileChannel channel = open(Caching.BUFFERED, StandardOpenOption.WRITE)) {
      channel.force(false);
    }
  }

  /// Brings the whole file into the page cache.
  void warm() throws IOException, MismatchException {
    scan(Caching.BUFFERED, (page, memory, at) -> {});
  }

  /// Shows every page to `visitor`, in order.
  ///
  /// @throws MismatchException when the file is shorter than it must be, or from `visitor`
  void scan(Caching caching, PageVisitor visitor) throws IOException, MismatchException {
    ByteBuffer buffer = alignedBuffer(PART_LENGTH);
    MemorySegment memory = MemorySegment.ofBuffer(buffer);
    try (FileChannel channel = open(caching, StandardOpenOption.READ)) {
      long page = 0;
      while (page < pages) {
        buffer.clear().limit((int) Math.min(PART_LENGTH, (pages - page) * PageFormat.LENGTH));
        int count = channel.read(buffer, page * PageFormat.LENGTH) / PageFormat.LENGTH;
        if (count < 1) {
          throw new MismatchException(
              path.getFileName() + ": expected " + bytes() + " bytes, found " + Files.size(path));
        }
        for (int i = 0; i < count; i++) {
          visitor.visit(page + i, memory, (long) i * PageFormat.LENGTH);
        }
        page += count;
      }
    }
  }
}
