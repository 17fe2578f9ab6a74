package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class UringBusTest extends BusContract implements PipeContract {

  private static final Path TRANSPARENT = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  @BeforeAll
  static void needsIoUring() {
    try {
      Bus.open(BusOptions.defaults().withBackend(BackendKind.IO_URING)).close();
    } catch (IOException e) {
      Assumptions.abort("io_uring is not available on this host: " + e.getMessage());
    }
  }

  @Override
  public BackendKind kind() {
    return BackendKind.IO_URING;
  }

  /// The kernel ends operations that do nothing in their order. It is kept where some results go past
  /// the queue of others: those with a callback, those beyond what a dispatch takes.
  @Test
  void resultsComeInTheOrderOfTheirCompletions() throws IOException {
    Random random = new Random(7);
    try (Bus bus = open(64)) {
      List<Object> seen = new ArrayList<>();
      int started = 0;
      while (started < 5000) {
        int count = 1 + random.nextInt(64);
        for (int i = 0; i < count && started - seen.size() < 64; i++) {
          Handle handle = bus.nop().attach(started++);
          bus.enqueue(random.nextInt(9) == 0 ? handle.callback(result -> {}) : handle);
        }
        bus.dispatch(
            random.nextInt(2),
            1 + random.nextInt(64),
            SECOND,
            result -> {
              seen.add(result.attachment());
              bus.done(result);
            });
      }
      assertEquals(IntStream.range(0, seen.size()).boxed().toList(), seen);
    }
  }

  /// Where the kernel gives them to who asks, and nobody else in this process does.
  @Test
  void aHugeBufferIsOnThePagesThatItClaims() throws IOException {
    assumeTrue(
        Files.isReadable(TRANSPARENT) && Files.readString(TRANSPARENT).contains("[madvise]"),
        "transparent huge pages are not for who asks on this host");
    assumeTrue(
        sum(Path.of("/proc/meminfo"), "MemAvailable:") > 1 << 30, "memory is short on this host");
    try (Bus bus = open(2)) {
      long before = hugeBytes();
      RegisteredBuffer buffer = bus.newBuffer((4 << 20) - 100, Pages.HUGE);
      assertEquals(Pages.HUGE, buffer.pages(), () -> String.join("\n", bus.fallbacks()));
      assertTrue(hugeBytes() >= before + (4 << 20));
      bus.unregister(buffer);
      assertEquals(before, hugeBytes());
    }
  }

  private static long hugeBytes() throws IOException {
    Path all = Path.of("/proc/self/smaps_rollup");
    return sum(all, "AnonHugePages:") + sum(all, "Private_Hugetlb:");
  }

  /// The bytes of the lines of a file in `/proc` that begin with a word.
  private static long sum(Path file, String word) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(word))
        .mapToLong(line -> Long.parseLong(line.split("\\s+")[1]) * 1024)
        .sum();
  }
}
