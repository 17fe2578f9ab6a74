package dev.iobus.kv.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.kv.proof.Children.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A host that gives less than usual: little or no lockable memory, no io_uring, few descriptors.
/// A child JVM lives under the limit; the store there works, on io_uring or on the fallback, and
/// says in one line which and why.
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LimitsTest {

  private static final int CHILD_SECONDS = 90;
  private static final String ENTRIES = "400";

  /// How often the child opens a store, one after the other.
  private static final int OPENINGS = 2;

  @TempDir Path temporary;

  @ParameterizedTest(name = "memlock {0}")
  @ValueSource(strings = {"65536", "0"})
  void littleLockableMemory(String bytes) throws Exception {
    Outcome outcome = smoke(memlock(bytes), "auto");
    requireWorks(outcome);
    if (outcome.value("backend").equals(BackendKind.NIO.label())) {
      requireReason(outcome, "memlock", "enomem");
    }
  }

  @Test
  void noLockableMemoryAndNoFallbackIsATypedError() throws Exception {
    ProofOptions.assumeAvailable(BackendKind.IO_URING);
    Outcome outcome =
        Children.run(
            CHILD_SECONDS,
            memlock("0"),
            "try",
            temporary.resolve("store").toString(),
            BackendKind.IO_URING.name());
    assertEquals(0, outcome.exitCode(), outcome::toString);
    // Kernels differ in whether a ring without registered memory counts against the limit.
    if (outcome.value("opened").equals("false")) {
      String message = outcome.value("message").toLowerCase(Locale.ROOT);
      assertTrue(
          message.contains("memlock") || message.contains("enomem"), () -> outcome.toString());
    }
  }

  @Test
  void refusedIoUring() throws Exception {
    Outcome outcome = smoke(refusing("EPERM"), "auto");
    requireWorks(outcome);
    assertEquals(BackendKind.NIO.label(), outcome.value("backend"), outcome::toString);
    requireReason(outcome, "eperm", "seccomp", "not permitted", "io_uring_disabled");
  }

  @Test
  void refusedIoUringAndNoFallbackIsATypedError() throws Exception {
    Outcome outcome =
        Children.run(
            CHILD_SECONDS,
            refusing("EPERM"),
            "try",
            temporary.resolve("store").toString(),
            BackendKind.IO_URING.name());
    assertEquals(0, outcome.exitCode(), outcome::toString);
    assertEquals("false", outcome.value("opened"), outcome::toString);
    assertFalse(outcome.value("message").isBlank(), outcome::toString);
  }

  private Outcome smoke(List<String> prefix, String backend) throws Exception {
    return Children.run(
        CHILD_SECONDS, prefix, "smoke", temporary.resolve("store").toString(), backend);
  }

  private static void requireWorks(Outcome outcome) {
    assertEquals(0, outcome.exitCode(), outcome::toString);
    assertEquals(ENTRIES, outcome.value("entries"), outcome::toString);
    assertFalse(outcome.value("reason").isBlank(), outcome::toString);
    long messages =
        outcome.errors().lines().filter(line -> !line.startsWith("Picked up JAVA_")).count();
    assertTrue(messages <= OPENINGS, () -> "more than one message an opening: " + outcome);
  }

  private static void requireReason(Outcome outcome, String... words) {
    String reason = outcome.value("reason").toLowerCase(Locale.ROOT);
    for (String word : words) {
      if (reason.contains(word)) {
        return;
      }
    }
    throw new AssertionError("the reason names no cause of " + List.of(words) + ": " + outcome);
  }

  /// Root has CAP_IPC_LOCK, to which the limit does not apply: it is taken away.
  private static List<String> memlock(String bytes) throws IOException, InterruptedException {
    List<String> prefix = new ArrayList<>();
    if (isRoot()) {
      prefix.addAll(List.of("setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"));
    }
    prefix.addAll(List.of("prlimit", "--memlock=" + bytes + ":" + bytes));
    assumeRuns(prefix);
    return prefix;
  }

  private static List<String> refusing(String errno) throws IOException, InterruptedException {
    List<String> prefix =
        List.of(
            "strace",
            "--follow-forks",
            "--seccomp-bpf",
            "--output=/dev/null",
            "--trace=io_uring_setup",
            "--inject=io_uring_setup:error=" + errno);
    assumeRuns(prefix);
    return prefix;
  }

  private static boolean isRoot() throws IOException, InterruptedException {
    return Children.tool("id", "-u").output().strip().equals("0");
  }

  private static void assumeRuns(List<String> prefix) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(prefix);
    command.add("true");
    Outcome outcome = Children.tool(command.toArray(String[]::new));
    Assumptions.assumeTrue(
        outcome.exitCode() == 0, () -> "cannot run " + command + ": " + outcome.errors());
  }
}
