package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The same seed does the same in another JVM. It did not: the lock file held the pid and the name of
/// the machine, and the device under the directory was asked for its block size. Another process,
/// time zone, language, salt of immutable sets and way to hash identities must change nothing.
final class SameTraceTest {

  private static final List<String> SEEDS = List.of("1", "2", "3");

  @Test
  void twoJvmsDoTheSame() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:+UnlockExperimentalVMOptions", "-XX:hashCode=2"));
    command.addAll(List.of("-Duser.timezone=Asia/Tokyo", "-Duser.language=tr", "-Duser.dir=/"));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(TraceChild.class.getName());
    command.addAll(SEEDS);
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> here = new ArrayList<>();
    for (String seed : SEEDS) {
      here.add(TraceChild.trace(Long.parseLong(seed)));
    }
    String output =
        new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    child.waitFor(30, TimeUnit.SECONDS);
    assertEquals(String.join("\n", here), output);
  }
}
