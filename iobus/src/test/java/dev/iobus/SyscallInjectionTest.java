package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// System calls that fail where the kernel makes them: strace(1) puts errors into those of a child
/// JVM, which works on both kinds of bus and checks every byte ([InjectedWork]).
@Tag("long")
@Timeout(120)
final class SyscallInjectionTest {

  @TempDir Path directory;

  @BeforeAll
  static void needsStrace() throws Exception {
    UringBusTest.needsIoUring();
    boolean traces;
    try {
      Process strace =
          new ProcessBuilder("strace", "-f", "-o", "/dev/null", "true")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      traces = strace.waitFor(30, TimeUnit.SECONDS) && strace.exitValue() == 0;
    } catch (IOException e) {
      traces = false;
    }
    assumeTrue(traces, "no strace on this host, or it may not trace");
  }

  /// What a child printed, and what it logged.
  private record Outcome(List<String> lines, String log) {

    /// The values of all lines with this name.
    List<String> all(String name) {
      return lines.stream()
          .filter(line -> line.startsWith(name + ": "))
          .map(line -> line.substring(name.length() + 2))
          .toList();
    }
  }

  private Outcome run(String injection) throws Exception {
    Path log = directory.resolve("log");
    String syscall = injection.substring(0, injection.indexOf(':'));
    List<String> command =
        new ArrayList<>(
            List.of("strace", "-f", "-qq", "-o", directory.resolve("trace").toString()));
    command.addAll(List.of("-e", "trace=" + syscall, "-e", "inject=" + injection));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(InjectedWork.class.getName(), directory.toString()));
    Process child = new ProcessBuilder(command).redirectError(log.toFile()).start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(child.waitFor(60, TimeUnit.SECONDS));
    Outcome outcome = new Outcome(output.lines().toList(), Files.readString(log));
    assertEquals(List.of("yes"), outcome.all("whole"), () -> output + outcome.log());
    return outcome;
  }

  private static void assertInjected(Path trace) throws IOException {
    assertTrue(
        Files.readString(trace).contains("(INJECTED)"), "strace has put no error into any call");
  }

  /// Every third entry into a ring fails, whoever makes it.
  @ParameterizedTest
  @ValueSource(strings = {"EINTR", "EAGAIN", "EBUSY"})
  void refusedEntriesAreNotNoticed(String errno) throws Exception {
    Outcome outcome = run("io_uring_enter:error=" + errno + ":when=3+3");
    assertInjected(directory.resolve("trace"));
    assertEquals(List.of("IO_URING", "IO_URING"), outcome.all("backend"));
    List<String> retries = outcome.all("retries " + errno);
    assertEquals(2, retries.size(), outcome::toString);
    assertTrue(Long.parseLong(retries.get(0)) > 0, outcome::toString);
    long repeated = outcome.all("repeated").stream().mapToLong(Long::parseLong).sum();
    assertTrue(repeated > 0, outcome::toString);
    assertEquals("", outcome.log());
  }

  /// Some in a row, so that calls that are made again at once fail again.
  @Test
  void refusalsInARowAreNotNoticed() throws Exception {
    Outcome outcome = run("io_uring_enter:error=EAGAIN:when=20..60");
    assertInjected(directory.resolve("trace"));
    assertTrue(
        outcome.all("retries EAGAIN").stream().mapToLong(Long::parseLong).sum() > 0,
        outcome::toString);
  }

  /// What the ring can is asked for by the first registration of each; the later ones are refused.
  @Test
  void memoryThatCannotBeRegisteredIsUsedAsPlainMemory() throws Exception {
    Outcome outcome = run("io_uring_register:error=ENOMEM:when=2+");
    assertInjected(directory.resolve("trace"));
    assertEquals(List.of("IO_URING", "IO_URING"), outcome.all("backend"));
    List<String> buffers = outcome.all("buffer");
    assertEquals(2, buffers.size(), outcome::toString);
    buffers.forEach(buffer -> assertTrue(buffer.startsWith("ENOMEM"), buffer));
    String fallbacks = String.join("\n", outcome.all("fallback"));
    assertTrue(fallbacks.contains("table of buffers was refused with ENOMEM"), fallbacks);
  }

  /// The last registration of the first bus, which is that of the memory, and all behind it.
  @Test
  void oneRefusedRegistrationIsToldAmongTheFallbacks() throws Exception {
    Outcome outcome = run("io_uring_register:error=ENOMEM:when=4+");
    assertInjected(directory.resolve("trace"));
    String refusal = outcome.all("buffer").get(0);
    assertTrue(refusal.startsWith("ENOMEM"), refusal);
    assertTrue(
        outcome.all("fallback").contains("registered memory is used as plain memory: " + refusal),
        outcome::toString);
  }

  /// As a security filter does it: one message, however many busses are opened.
  @Test
  void aForbiddenRingIsReplacedWithOneMessage() throws Exception {
    Outcome outcome = run("io_uring_setup:error=EPERM");
    assertInjected(directory.resolve("trace"));
    assertEquals(List.of("NIO", "NIO"), outcome.all("backend"));
    String fallbacks = String.join("\n", outcome.all("fallback"));
    assertTrue(fallbacks.contains("io_uring_setup answered EPERM"), fallbacks);
    assertEquals(2, outcome.log().split("io_uring_setup answered EPERM", -1).length, outcome.log());
  }
}
