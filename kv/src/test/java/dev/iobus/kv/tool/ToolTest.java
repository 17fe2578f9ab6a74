package dev.iobus.kv.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ToolTest {

  /// What one run of the tool left.
  private record Outcome(int status, String out, String err) {}

  @TempDir private Path parent;
  private String directory = "";

  @BeforeEach
  void nameDirectory() {
    directory = parent.resolve("store").toString();
  }

  @Test
  void putThenGet() {
    assertEquals(new Outcome(0, "", ""), run(directory, "put", "key", "größe"));
    assertEquals(new Outcome(0, "größe\n", ""), run(directory, "get", "key"));
  }

  @Test
  void deletedKeyIsAbsent() {
    run(directory, "put", "key", "value");
    assertEquals(0, run(directory, "delete", "key").status());
    Outcome get = run(directory, "get", "key");
    assertEquals(1, get.status());
    assertEquals("", get.out());
    assertEquals("kv: no such key: key\n", get.err());
  }

  @Test
  void scanHasBoundsAndOrder() {
    for (String key : new String[] {"c", "a", "d", "b"}) {
      run(directory, "put", key, key + key);
    }
    assertEquals("a\taa\nb\tbb\nc\tcc\nd\tdd\n", run(directory, "scan").out());
    assertEquals("b\tbb\nc\tcc\nd\tdd\n", run(directory, "scan", "b").out());
    assertEquals("b\tbb\nc\tcc\n", run(directory, "scan", "b", "d").out());
  }

  @Test
  void hexIsForBytesThatAreNoText() {
    assertEquals(0, run("--hex", directory, "put", "00ff", "80").status());
    assertEquals(new Outcome(0, "80\n", ""), run("--hex", directory, "get", "00ff"));
    assertEquals("00ff\t80\n", run(directory, "scan", "--hex").out());
    Outcome text = run(directory, "scan");
    assertEquals(1, text.status());
    assertTrue(text.err().contains("--hex"), text.err());
  }

  @Test
  void operandMayLookLikeAnOption() {
    assertEquals(0, run(directory, "put", "--", "--hex", "--help").status());
    assertEquals("--help\n", run(directory, "get", "--", "--hex").out());
  }

  @Test
  void commandsBesidePutCreateNothing() throws IOException {
    for (String[] words :
        new String[][] {{"get", "k"}, {"delete", "k"}, {"scan"}, {"verify"}, {"stats"}}) {
      String[] arguments = new String[words.length + 1];
      arguments[0] = directory;
      System.arraycopy(words, 0, arguments, 1, words.length);
      Outcome outcome = run(arguments);
      assertEquals(1, outcome.status(), words[0]);
      assertTrue(outcome.err().contains("no store there"), outcome.err());
      assertFalse(Files.exists(Path.of(directory)));
    }
    Path empty = Files.createDirectory(parent.resolve("empty"));
    assertEquals(1, run(empty.toString(), "scan").status());
    try (Stream<Path> files = Files.list(empty)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void wrongUsageIsTold() {
    String[][] wrong = {
      {},
      {directory},
      {directory, "take", "k"},
      {directory, "get"},
      {directory, "get", "a", "b"},
      {directory, "put", "a"},
      {"--fast", directory, "get", "k"},
      {"--durability", "hoped", directory, "put", "k", "v"},
      {directory, "put", "k", "v", "--durability"},
      {"--hex", directory, "put", "0", "00"},
      {"--hex", directory, "put", "zz", "00"},
    };
    for (String[] arguments : wrong) {
      Outcome outcome = run(arguments);
      assertEquals(2, outcome.status(), String.join(" ", arguments));
      assertEquals("", outcome.out());
      assertTrue(outcome.err().startsWith("kv: "), outcome.err());
    }
    assertFalse(Files.exists(Path.of(directory)));
  }

  @Test
  void verifyAndStatsAnswer() {
    run("--durability=written", directory, "put", "key", "value");
    Outcome verify = run(directory, "verify");
    assertEquals(0, verify.status(), verify.err());
    assertTrue(verify.out().contains("no damage"), verify.out());
    Outcome stats = run(directory, "stats");
    assertEquals(0, stats.status(), stats.err());
    assertTrue(stats.out().startsWith("backend"), stats.out());
  }

  @Test
  void helpIsNotAnError() {
    Outcome help = run("--help");
    assertEquals(0, help.status());
    assertTrue(help.out().contains("exit codes"));
  }

  private static Outcome run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        Tool.run(
            arguments,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Outcome(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
