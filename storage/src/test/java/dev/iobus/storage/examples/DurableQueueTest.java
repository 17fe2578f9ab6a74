package dev.iobus.storage.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The queue of the README does what the README says, and is the code that it shows.
@Timeout(60)
class DurableQueueTest {

  private static final Path README = Path.of("README.md");
  private static final Path SOURCE =
      Path.of("src/test/java/dev/iobus/storage/examples/DurableQueue.java");

  @TempDir Path path;

  @Test
  void messagesComeAgainUntilTheyAreConfirmed() throws Exception {
    try (DurableQueue queue = DurableQueue.open(path)) {
      queue.put(message(0));
      queue.put(message(1));
      queue.putLater(message(2)).toCompletableFuture().get(30, TimeUnit.SECONDS);
      assertArrayEquals(message(0), queue.take(0));
      queue.confirm();
      assertArrayEquals(message(1), queue.take(0));
    }
    try (DurableQueue queue = DurableQueue.open(path)) {
      assertArrayEquals(message(1), queue.take(0));
      assertArrayEquals(message(2), queue.take(0));
      assertNull(queue.take(0));
      queue.confirm();
    }
    try (DurableQueue queue = DurableQueue.open(path)) {
      assertNull(queue.take(1_000_000));
      queue.put(message(3));
      assertArrayEquals(message(3), queue.take(0));
    }
  }

  /// What was opened before something failed stayed open, the lock too: no other try could succeed.
  @Test
  void openingThatFailedCanBeTriedAgain() throws Exception {
    DurableQueue.open(path).close();
    Path position = Files.write(path.resolve("position"), new byte[3]);
    for (int i = 0; i < 2; i++) {
      IOException failure = assertThrows(IOException.class, () -> DurableQueue.open(path));
      assertTrue(String.valueOf(failure.getMessage()).contains("too short"), failure::toString);
    }
    Files.delete(position);
    DurableQueue.open(path).close();
  }

  @Test
  void producersAndTheConsumerMeet() throws Exception {
    try (DurableQueue queue = DurableQueue.open(path);
        ExecutorService producers = Executors.newFixedThreadPool(8)) {
      byte[] large = new byte[50_000];
      int producerCount = 8;
      int each = 25;
      for (int round = 0; round < 4; round++) {
        List<Future<?>> running = new ArrayList<>();
        for (int p = 0; p < producerCount; p++) {
          running.add(
              producers.submit(
                  () -> {
                    for (int i = 0; i < each; i++) {
                      queue.put(large);
                    }
                    return null;
                  }));
        }
        for (int i = 0; i < producerCount * each; i++) {
          assertArrayEquals(large, queue.take(TimeUnit.SECONDS.toNanos(30)));
          if (i % 10 == 9) {
            queue.confirm();
          }
        }
        for (Future<?> one : running) {
          one.get(30, TimeUnit.SECONDS);
        }
      }
    }
  }

  @Test
  void readmeShowsThisCode() throws IOException {
    List<String> source = Files.readAllLines(SOURCE);
    List<String> shown = javaBlocks(Files.readAllLines(README));
    for (String[] part : new String[][] {{"open", "put"}, {"put", "take"}, {"take", "end"}}) {
      String code = between(source, part[0], part[1]);
      assertTrue(shown.contains(code), "the README does not show\n" + code);
    }
  }

  private static String between(List<String> source, String begin, String end) {
    int from = source.indexOf("  // README: " + begin) + 1;
    int to = source.indexOf("  // README: " + end);
    List<String> lines = new ArrayList<>();
    for (String line : source.subList(from, to)) {
      lines.add(line.startsWith("  ") ? line.substring(2) : line);
    }
    return String.join("\n", lines).strip();
  }

  private static List<String> javaBlocks(List<String> page) {
    List<String> blocks = new ArrayList<>();
    List<String> block = null;
    for (String line : page) {
      if (line.equals("```java")) {
        block = new ArrayList<>();
      } else if (line.equals("```") && block != null) {
        blocks.add(String.join("\n", block).strip());
        block = null;
      } else if (block != null) {
        block.add(line);
      }
    }
    assertTrue(blocks.size() >= 3, "blocks of code in the README");
    return blocks;
  }

  private static byte[] message(int number) {
    return ("message " + number).getBytes(StandardCharsets.UTF_8);
  }
}
