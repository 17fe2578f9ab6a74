package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A write across the end of the largest file that there can be is short.
@Timeout(60)
final class ShortWriteTest {

  private static final long SECOND = 1_000_000_000L;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "KQUEUE", "NIO"})
  void itCutsAChainButNotASeries(BackendKind kind) throws IOException {
    if (kind == BackendKind.IO_URING) {
      UringBusTest.needsIoUring();
    } else if (kind == BackendKind.KQUEUE) {
      KqueueBusTest.needs();
    }
    Path path = directory.resolve("largest");
    long end = largestSize(path);
    BusOptions options = BusOptions.defaults().withBackend(kind).withCapacity(8);
    try (Arena arena = Arena.ofShared();
        Bus bus = Bus.open(options)) {
      bus.submit(bus.open(path, OpenFlag.READ, OpenFlag.WRITE));
      Result opened = next(bus);
      OpenFile file = opened.endOpen();
      bus.done(opened);
      MemorySegment memory = arena.allocate(100);
      bus.chain(
          bus.write(file, memory, end - 10, WriteFlag.NONE),
          bus.write(file, memory, 0, WriteFlag.NONE));
      assertEquals(List.of("10", "ECANCELED"), outcomes(bus));
      bus.serialize(
          bus.write(file, memory, end - 10, WriteFlag.NONE),
          bus.write(file, memory, 0, WriteFlag.NONE));
      assertEquals(List.of("10", "100"), outcomes(bus));
      bus.submit(bus.writeFully(file, memory, end - 10, WriteFlag.NONE));
      Result full = next(bus);
      assertEquals(
          "EFBIG", assertThrows(BusException.class, full::endWriteFully).errnoName());
      bus.done(full);
      bus.submit(bus.close(file));
      bus.done(next(bus));
    }
  }

  private static Result next(Bus bus) throws IOException {
    Result result = bus.dispatch(20 * SECOND);
    assertNotNull(result, "no result");
    return result;
  }

  /// What the two writes of a run have come to; they end in their order.
  private static List<String> outcomes(Bus bus) throws IOException {
    List<String> outcomes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Result result = next(bus);
      try {
        outcomes.add(String.valueOf(result.endWrite()));
      } catch (BusException e) {
        outcomes.add(e.errnoName());
      }
      bus.done(result);
    }
    return outcomes;
  }

  /// Finds it by trying; the file is sparse.
  private static long largestSize(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long least = 0;
      long most = Long.MAX_VALUE - 100;
      while (least < most) {
        long middle = least + (most - least + 1) / 2;
        try {
          channel.write(ByteBuffer.allocate(1), middle - 1);
          least = middle;
        } catch (IOException e) {
          most = middle - 1;
        }
      }
      Assumptions.assumeTrue(least > 10, "no file can be written to");
      int written = channel.write(ByteBuffer.allocate(100), least - 10);
      Assumptions.assumeTrue(written == 10, "no write is short at the end of the largest file");
      return least;
    }
  }
}
