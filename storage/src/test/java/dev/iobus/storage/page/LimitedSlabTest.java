package dev.iobus.storage.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.BackendKind;
import dev.iobus.storage.file.TestBus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The slab of a user who may lock as much as is usual.
@Timeout(60)
final class LimitedSlabTest {

  private static final int LIMIT = 8 << 20;

  /// One of the rings knew it, and who used another one had plain memory.
  @Test
  void allRingsKnowTheSlabWithTheUsualLimit() throws Exception {
    TestBus.open(BackendKind.IO_URING).close(); // Skips where there is none.
    List<String> lines = child();
    Assumptions.assumeTrue(
        lines.size() == 3 && lines.getFirst().equals(String.valueOf(LIMIT)),
        "no limit can be set here");
    assertEquals(
        lines.get(1).equals("true")
            ? "4096 KiB, registered"
            : "4096 KiB, registered with 1 of 4 rings: half of the 8388608 bytes that the memlock"
                + " limit allows hold no more; raise it (ulimit -l)",
        lines.get(2));
  }

  /// What a [SlabChild] prints that has the limit, and no privilege to go beyond it.
  private static List<String> child() throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("prlimit", "--memlock=" + LIMIT));
    if (System.getProperty("user.name", "").equals("root")) {
      command.addAll(
          List.of("setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock"));
    }
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            SlabChild.class.getName()));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      List<String> lines = process.inputReader().lines().toList();
      process.waitFor();
      return lines;
    } catch (IOException e) {
      return List.of(); // A host without these tools.
    }
  }
}
