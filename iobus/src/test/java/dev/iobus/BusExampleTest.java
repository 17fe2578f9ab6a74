package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The example of the package's front page, as code that is compiled and run.
final class BusExampleTest {

  private static final Path SOURCES = Path.of("src");

  static void example(Path path) throws IOException {
    // example begins
    try (Arena arena = Arena.ofShared(); // Closed after the bus, which waits.
        Bus bus = Bus.open(BusOptions.defaults())) {
      bus.submit(bus.create(path, OpenFlag.READ));
      Result opened = bus.dispatch();
      OpenFile file = opened.endOpen();
      bus.done(opened);
      MemorySegment hello = arena.allocateFrom("hello");
      bus.chain(bus.write(file, hello, 0, WriteFlag.NONE), bus.sync(file), bus.close(file));
      for (int i = 0; i < 3; i++) {
        Result result = bus.dispatch();
        if (result.isFailure()) {
          System.err.println(result);
        }
        bus.done(result);
      }
    }
    // example ends
  }

  @Test
  void theExampleWorks(@TempDir Path directory) throws IOException {
    example(directory.resolve("greeting"));
    assertEquals("hello\0", Files.readString(directory.resolve("greeting")));
  }

  @Test
  void theFrontPageShowsThisExample() throws IOException {
    List<String> test =
        Files.readAllLines(SOURCES.resolve("test/java/dev/iobus/BusExampleTest.java"));
    String page = Files.readString(SOURCES.resolve("main/java/dev/iobus/package-info.java"));
    int begin = test.indexOf("    // example begins") + 1;
    int end = test.indexOf("    // example ends");
    for (String line : test.subList(begin, end)) {
      assertTrue(page.contains("/// " + line.substring(4) + "\n"), line);
    }
  }
}
