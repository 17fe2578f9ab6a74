package dev.iobus;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class BackendChoiceTest {

  @Test
  void theBackendThatWasAskedForIsTaken() throws IOException {
    BackendChoice choice =
        BackendChoice.open(false, BusOptions.defaults().withBackend(BackendKind.NIO));
    assertEquals(BackendKind.NIO, choice.kind());
    assertTrue(choice.reason().startsWith("nio: asked for"), choice::reason);
    choice.backend().close(false);
  }

  @Test
  void theBestBackendIsTakenWithAReason() throws IOException {
    for (boolean shared : new boolean[] {false, true}) {
      BackendChoice choice = BackendChoice.open(shared, BusOptions.defaults().withCapacity(8));
      assertTrue(choice.reason().startsWith(choice.kind().label() + ": "), choice::reason);
      assertTrue(choice.backend().capacity() >= 16);
      if (choice.kind() == BackendKind.NIO) {
        assertTrue(choice.reason().contains("io_uring is not available: "), choice::reason);
      }
      choice.backend().close(false);
    }
  }

  @Test
  void anUnavailableBackendIsAnErrorWhenItWasAskedFor() throws IOException {
    try {
      BackendChoice choice =
          BackendChoice.open(false, BusOptions.defaults().withBackend(BackendKind.IO_URING));
      assertEquals(BackendKind.IO_URING, choice.kind());
      choice.backend().close(false);
    } catch (IOException e) {
      String message = requireNonNull(e.getMessage());
      assertTrue(message.startsWith("cannot open a bus on io_uring: "), message);
    }
  }

  @Test
  void kqueueOnLinuxNeedsALibraryAndSaysSo() {
    Assumptions.assumeTrue(System.getProperty("os.name").equals("Linux"), "not Linux");
    String library = System.getProperty("dev.iobus.kqueue.library", "");
    Assumptions.assumeTrue(library.isEmpty(), "a library is given");
    IOException refused =
        assertThrows(
            IOException.class,
            () -> BackendChoice.open(false, BusOptions.defaults().withBackend(BackendKind.KQUEUE)));
    String message = requireNonNull(refused.getMessage());
    assertTrue(message.startsWith("cannot open a bus on kqueue: Linux has no kqueue"), message);
    assertTrue(message.contains("-Ddev.iobus.kqueue.library="), message);
  }

  @Test
  void withoutNativeAccessTheBusFallsBackAndSaysWhy() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--illegal-native-access=deny",
                "-cp",
                System.getProperty("java.class.path"),
                Reason.class.getName())
            .start();
    String reason = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    String log = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, child.waitFor(), log);
    assertTrue(reason.startsWith("nio: io_uring is not available: "), reason);
    assertTrue(reason.contains("--enable-native-access"), reason);
    assertEquals(1, log.split("io_uring is not available", -1).length - 1, log);
  }

  /// Opens two busses and prints why they stand on what they stand on.
  static final class Reason {

    private Reason() {}

    public static void main(String[] args) throws IOException {
      for (int i = 0; i < 2; i++) {
        try (Bus bus = Bus.open(BusOptions.defaults())) {
          System.out.println(bus.reason());
        }
      }
    }
  }
}
