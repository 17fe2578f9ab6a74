package dev.iobus.storage.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.HostProcess;
import dev.iobus.OpenFile;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DirectoryLockTest {

  @TempDir Path temp;

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void secondOpenInThisJvmFailsAtOnce(BackendKind kind) throws Exception {
    Path path = temp.resolve("data");
    Path link = Files.createSymbolicLink(temp.resolve("link"), path);
    try (SharedBus bus = TestBus.open(kind)) {
      try (DataDirectory first = DataDirectory.open(bus, path)) {
        for (Path again : new Path[] {path, link, path.resolve(".")}) {
          DirectoryLockedException e =
              assertThrows(
                  DirectoryLockedException.class, () -> DataDirectory.open(bus, again).close());
          assertEquals(ProcessHandle.current().pid(), e.holderPid());
          String message = requireNonNull(e.getMessage());
          assertTrue(message.contains("already open in this JVM"), message);
        }
        first.sync();
      }
      DataDirectory.open(bus, link).close();
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void anotherProcessIsNamed(BackendKind kind) throws Exception {
    TestBus.needsTwo(kind);
    Path path = temp.resolve("data");
    try (SharedBus bus = TestBus.open(kind);
        Child child = Child.start(kind, path)) {
      String line = child.line();
      assertEquals("open " + path.toRealPath(), line);
      DirectoryLockedException e =
          assertThrows(DirectoryLockedException.class, () -> DataDirectory.open(bus, path));
      assertEquals(child.process.pid(), e.holderPid());
      String message = requireNonNull(e.getMessage());
      assertTrue(message.contains("process " + child.process.pid()), message);
      assertTrue(message.contains(path.toRealPath().toString()), message);
      child.process.getOutputStream().close();
      assertTrue(child.process.waitFor(20, TimeUnit.SECONDS));
      DataDirectory.open(bus, path).close();
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void anotherProcessIsRefused(BackendKind kind) throws Exception {
    TestBus.needsTwo(kind);
    Path path = temp.resolve("data");
    try (SharedBus bus = TestBus.open(kind);
        DataDirectory directory = DataDirectory.open(bus, path);
        Child child = Child.start(kind, directory.path())) {
      String line = child.line();
      assertTrue(line.startsWith("locked "), line);
      assertTrue(line.contains("process " + ProcessHandle.current().pid()), line);
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void lockOfAKilledProcessIsTaken(BackendKind kind) throws Exception {
    TestBus.needsTwo(kind);
    Path path = temp.resolve("data");
    try (SharedBus bus = TestBus.open(kind);
        Child child = Child.start(kind, path)) {
      String line = child.line();
      assertEquals("open " + path.toRealPath(), line);
      child.process.destroyForcibly().waitFor();
      try (DataDirectory directory = DataDirectory.open(bus, path)) {
        String record = Files.readString(path.resolve("lock"), StandardCharsets.UTF_8);
        HostProcess holder = LockHolder.parse(record);
        assertNotNull(holder, record);
        assertEquals(ProcessHandle.current().pid(), holder.pid());
        directory.sync();
      }
    }
  }

  /// A process was killed after it had taken the lock and before it had written its name. The file
  /// still named the owner before it, which was alive, and opening failed for that at once.
  @Test
  void aHolderWithoutANameIsWaitedFor() throws Exception {
    Path path = temp.resolve("data");
    try (SharedBus bus = TestBus.open(BackendKind.IO_URING);
        SharedBus other = TestBus.open(BackendKind.IO_URING)) {
      DataDirectory.open(bus, path).close();
      OpenFile nameless = other.open(path.resolve("lock"), OpenFlag.READ, OpenFlag.WRITE);
      assertTrue(other.tryLock(nameless));
      CompletableFuture<Void> opened =
          CompletableFuture.runAsync(
              () -> {
                try {
                  DataDirectory.open(bus, path).close();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      assertThrows(TimeoutException.class, () -> opened.get(100, TimeUnit.MILLISECONDS));
      other.close(nameless);
      opened.get(10, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void failedOpenLeavesNoLock(BackendKind kind) throws Exception {
    Path path = Files.createDirectory(temp.resolve("data"));
    // A directory cannot be removed as a file is, so opening fails after the lock was taken.
    Path inTheWay = Files.createDirectories(path.resolve("probe-0123456789abcdef"));
    try (SharedBus bus = TestBus.open(kind)) {
      assertThrows(IOException.class, () -> DataDirectory.open(bus, path));
      Files.delete(inTheWay);
      DataDirectory.open(bus, path).close();
    }
  }

  /// A file `lock` that another program had made was overwritten and emptied, and its file `probe`
  /// deleted, by who opened the directory.
  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void filesOfOthersAreLeftAsTheyAre(BackendKind kind) throws Exception {
    Path path = Files.createDirectory(temp.resolve("data"));
    Path lock = path.resolve("lock");
    Path probe = Files.writeString(path.resolve("probe"), "mine, too");
    try (SharedBus bus = TestBus.open(kind)) {
      List<String> others =
          List.of("mine", "42\n", "pid 42\n", "pid=42\nhost=a\n", "\0\1\2\3", "x".repeat(9000));
      for (String content : others) {
        Files.writeString(lock, content);
        IOException refusal =
            assertThrows(IOException.class, () -> DataDirectory.open(bus, path).close());
        String message = requireNonNull(refusal.getMessage());
        assertTrue(message.contains(lock.toRealPath().toString()), message);
        assertEquals(content, Files.readString(lock));
      }
      Files.delete(lock);
      DataDirectory.open(bus, path).close();
      assertEquals("mine, too", Files.readString(probe));
      assertEquals(List.of("lock", "probe"), names(path));
    }
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void leftoversOfACrashAreNoFilesOfOthers(BackendKind kind) throws Exception {
    Path path = Files.createDirectory(temp.resolve("data"));
    Path lock = path.resolve("lock");
    byte[] record = LockHolder.format(new HostProcess(1, 2, "gone")).getBytes(UTF_8);
    byte[] torn = Arrays.copyOf(Arrays.copyOf(record, 9), record.length);
    byte[] flipped = record.clone();
    flipped[1] ^= 1;
    byte[] garbage = new byte[record.length];
    Arrays.fill(garbage, (byte) 0xb5);
    try (SharedBus bus = TestBus.open(kind)) {
      byte[] zeros = new byte[record.length];
      for (byte[] left : List.of(new byte[0], record, torn, flipped, garbage, zeros)) {
        Files.write(lock, left);
        Files.write(path.resolve("probe-0123456789abcdef"), left);
        DataDirectory.open(bus, path).close();
        assertEquals(0, Files.size(lock));
        assertEquals(List.of("lock"), names(path));
      }
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void recordsComeBackAsWritten() {
    HostProcess holder = new HostProcess(42, 1_700_000_000_123L, "host-1");
    assertEquals(holder, LockHolder.parse(LockHolder.format(holder)));
    assertNull(LockHolder.parse(""));
    assertNull(LockHolder.parse("pid x\nstart 1\nhost h\n"));
    assertNull(LockHolder.parse("pid 1\nstart 1\nhost h"), "cut off");
  }

  /// A [LockChild] in a JVM of its own, killed when it is closed.
  private record Child(Process process, BufferedReader output) implements AutoCloseable {

    static Child start(BackendKind kind, Path directory) throws Exception {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx64m",
                  "-XX:+UseSerialGC",
                  "--enable-native-access=ALL-UNNAMED",
                  "-Ddev.iobus.kqueue.library="
                      + System.getProperty("dev.iobus.kqueue.library", ""),
                  "-cp",
                  System.getProperty("java.class.path"),
                  LockChild.class.getName(),
                  kind.name(),
                  directory.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      return new Child(process, process.inputReader(StandardCharsets.UTF_8));
    }

    String line() throws Exception {
      return String.valueOf(output.readLine());
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }
}
