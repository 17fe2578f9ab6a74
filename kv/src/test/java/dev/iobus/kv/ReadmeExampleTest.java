package dev.iobus.kv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example in the README compiles, runs, and is the text that readers see.
final class ReadmeExampleTest {

  private static final Path README = Path.of("..", "README.md");
  private static final Path SOURCE =
      Path.of("src", "test", "java", "dev", "iobus", "kv", "ReadmeExampleTest.java");
  private static final String BODY_INDENTATION = "    ";

  private static void example(Path directory) throws IOException {
    // README: begin
    try (Store store = Store.open(directory)) {
      store.put("city/paris".getBytes(), "2.1 million".getBytes()); // durable when it returns
      store.write( // all of it or nothing, also after a crash
          new WriteBatch()
              .put("city/oslo".getBytes(), "0.7 million".getBytes())
              .put("city/rome".getBytes(), "2.7 million".getBytes())
              .delete("city/paris".getBytes()));

      try (Cursor cities = store.cursor("city/".getBytes(), "city0".getBytes())) {
        for (boolean more = cities.seekToFirst(); more; more = cities.next()) {
          System.out.println(new String(cities.key()) + ": " + new String(cities.value()));
        }
      }
    }
    // README: end
  }

  @Test
  void exampleDoesWhatItSays(@TempDir Path directory) throws IOException {
    example(directory);
    try (Store store = Store.open(directory)) {
      assertNull(store.get("city/paris".getBytes()));
      assertArrayEquals("0.7 million".getBytes(), store.get("city/oslo".getBytes()));
      assertArrayEquals("2.7 million".getBytes(), store.get("city/rome".getBytes()));
    }
  }

  @Test
  void readmeShowsThisExample() throws IOException {
    List<String> source = Files.readAllLines(SOURCE);
    List<String> here = between(source, "    // README: begin", "    // README: end");
    List<String> expected =
        here.stream()
            .map(line -> line.startsWith(BODY_INDENTATION) ? line.substring(4) : line)
            .toList();
    assertEquals(expected, between(Files.readAllLines(README), "```java", "```"));
  }

  private static List<String> between(List<String> lines, String begin, String end) {
    int from = lines.indexOf(begin) + 1;
    List<String> rest = lines.subList(from, lines.size());
    return rest.subList(0, rest.indexOf(end));
  }
}
