package dev.iobus.kv.proof;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.kv.NotAStoreException;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.kv.proof.Children.Outcome;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DirectoryLockedException;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Directories that a store must not open: in use, foreign, from the future, or no directory at
/// all. Each is its own clear exception, and leaves what it found as it was.
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BadInputTest {

  private static final int CHILD_SECONDS = 60;
  private static final long REFUSAL_MILLIS_MAX = 3_000;
  private static final byte[] KEY = Contents.key("key");
  private static final byte[] VALUE = Contents.key("value");

  @TempDir Path temporary;

  private Path directory;

  @BeforeEach
  void chooseDirectory() {
    directory = temporary.resolve("store");
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void secondOpenInThisJvmIsRefused(BackendKind backend) throws IOException {
    ProofOptions.assumeTwoAvailable(backend);
    StoreOptions options = ProofOptions.of(backend, Durability.SYNCED);
    try (Store store = Store.open(directory, options)) {
      store.put(KEY, VALUE);
      assertThrows(DirectoryLockedException.class, () -> Store.open(directory, options));
      Path link = Files.createSymbolicLink(temporary.resolve("link"), directory);
      assertThrows(DirectoryLockedException.class, () -> Store.open(link, options));
      assertArrayEquals(VALUE, store.get(KEY));
    }
    Store.open(directory, options).close();
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void secondOpenInAnotherJvmIsRefusedAtOnce(BackendKind backend) throws Exception {
    ProofOptions.assumeAvailable(backend);
    StoreOptions options = ProofOptions.of(backend, Durability.SYNCED);
    try (Store store = Store.open(directory, options)) {
      store.put(KEY, VALUE);
      Path link = Files.createSymbolicLink(temporary.resolve("link"), directory);
      // The other JVM takes the other backend: both must see one lock.
      String other = backend == BackendKind.NIO ? "auto" : BackendKind.NIO.name();
      for (Path path : new Path[] {directory, link}) {
        Outcome outcome =
            Children.run(CHILD_SECONDS, List.of(), "try", path.toString(), other);
        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertEquals("false", outcome.value("opened"), outcome::toString);
        assertEquals(
            DirectoryLockedException.class.getName(),
            outcome.value("failure"),
            outcome::toString);
        assertTrue(
            outcome.value("message").contains(String.valueOf(ProcessHandle.current().pid())),
            () -> "the holder is not named: " + outcome);
        assertTrue(
            Long.parseLong(outcome.value("millis")) < REFUSAL_MILLIS_MAX, outcome::toString);
      }
      store.put(KEY, KEY);
      assertArrayEquals(KEY, store.get(KEY));
    }
  }

  @Test
  void failedOpenGivesTheLockBack() throws IOException {
    Files.createDirectory(directory);
    Files.writeString(directory.resolve("PG_VERSION"), "17");
    assertThrows(IOException.class, () -> Store.open(directory));
    Files.delete(directory.resolve("PG_VERSION"));
    Store.open(directory).close();
  }

  /// The lock was taken before the directory was looked at: a file `lock` of somebody else's was
  /// overwritten and emptied, a file `probe` deleted, and where there was no `lock` one stayed.
  @Test
  void foreignDirectoryIsRefusedAndLeftAlone() throws IOException {
    Files.createDirectory(directory);
    for (String name : List.of("notes.txt", "lock", "probe")) {
      Files.writeString(directory.resolve(name), "nothing of yours");
      Map<String, String> before = everything();
      IOException refusal = assertThrows(IOException.class, () -> Store.open(directory));
      assertEquals(NotAStoreException.class, refusal.getClass(), refusal::toString);
      assertTrue(
          String.valueOf(refusal.getMessage()).contains(directory.getFileName().toString()),
          () -> "the directory is not named: " + refusal);
      assertEquals(before, everything());
    }
  }

  @Test
  void foreignLockAloneIsRefusedAndLeftAlone() throws IOException {
    Files.createDirectory(directory);
    Files.writeString(directory.resolve("lock"), "nothing of yours");
    Map<String, String> before = everything();
    assertThrows(IOException.class, () -> Store.open(directory));
    assertEquals(before, everything());
  }

  /// The lock, too: no store is open.
  private Map<String, String> everything() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path path : stream) {
        files.put(path.getFileName().toString(), Files.readString(path));
      }
    }
    return files;
  }

  @Test
  void fileInsteadOfDirectoryIsRefused() throws IOException {
    Files.writeString(directory, "a file");
    IOException refusal = assertThrows(IOException.class, () -> Store.open(directory));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains(directory.toString()), refusal::toString);
    assertEquals("a file", Files.readString(directory));
  }

  @Test
  void missingParentIsRefused() {
    Path orphan = directory.resolve("child");
    IOException refusal = assertThrows(IOException.class, () -> Store.open(orphan));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains(orphan.toString()), refusal::toString);
    assertFalse(Files.exists(directory));
  }

  @ParameterizedTest
  @EnumSource(
      value = FileKind.class,
      names = {"WAL_SEGMENT", "MANIFEST", "SSTABLE"})
  void newerFormatVersionIsRefused(FileKind kind) throws IOException {
    StoreOptions options = ProofOptions.of(null, Durability.SYNCED);
    try (Store store = Store.open(directory, options)) {
      store.put(KEY, VALUE);
      store.flush();
      store.put(VALUE, KEY);
    }
    DirectoryImage original = DirectoryImage.of(directory);
    DirectoryImage changed = original;
    String name = null;
    for (String file : original.files().keySet()) {
      if (original.kind(file) == kind) {
        changed = changed.withNewerVersion(file);
        name = file;
      }
    }
    assertNotNull(name, () -> "no file of kind " + kind + " in " + original.files().keySet());
    changed.writeTo(directory);
    FormatVersionException refusal =
        assertThrows(FormatVersionException.class, () -> openAndRead(options));
    assertTrue(String.valueOf(refusal.getMessage()).contains("version"), refusal::toString);
    original.writeTo(directory);
    openAndRead(options);
  }

  @Test
  void tableThatIsMissingIsRefused() throws IOException {
    StoreOptions options = ProofOptions.of(null, Durability.SYNCED);
    try (Store store = Store.open(directory, options)) {
      store.put(KEY, VALUE);
      store.flush();
    }
    DirectoryImage image = DirectoryImage.of(directory);
    for (String name : image.files().keySet()) {
      if (image.kind(name) == FileKind.SSTABLE) {
        Files.delete(directory.resolve(name));
      }
    }
    CorruptionException refusal =
        assertThrows(CorruptionException.class, () -> openAndRead(options));
    assertTrue(image.files().containsKey(Path.of(refusal.file()).getFileName().toString()));
  }

  @Test
  void symbolicLinkInPlaceOfAFileIsNotFollowed() throws IOException {
    StoreOptions options = ProofOptions.of(null, Durability.SYNCED);
    try (Store store = Store.open(directory, options)) {
      store.put(KEY, VALUE);
    }
    Path victim = Files.writeString(temporary.resolve("victim"), "precious", UTF_8);
    Set<String> names = new TreeSet<>(DirectoryImage.of(directory).files().keySet());
    names.add(DirectoryImage.LOCK);
    for (String name : names) {
      Path file = directory.resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      Files.delete(file);
      Files.createSymbolicLink(file, victim);
      assertThrows(IOException.class, () -> openAndRead(options), () -> name + " was followed");
      assertEquals("precious", Files.readString(victim), () -> "written through " + name);
      Files.delete(file);
      Files.write(file, bytes);
    }
    openAndRead(options);
  }

  @Test
  void filesAreForTheirOwnerOnly() throws IOException {
    try (Store store = Store.open(directory, ProofOptions.of(null, Durability.SYNCED))) {
      store.put(KEY, VALUE);
      store.flush();
    }
    assertEquals("rwx------", permissions(directory));
    assertEquals("rw-------", permissions(directory.resolve(DirectoryImage.LOCK)));
    for (String name : DirectoryImage.of(directory).files().keySet()) {
      assertEquals("rw-------", permissions(directory.resolve(name)), name);
    }
  }

  @Test
  void directoryThatCannotBeWrittenIsRefused() throws IOException {
    Files.createDirectory(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-x------")));
    Assumptions.assumeFalse(
        Files.isWritable(directory), "this user may write everywhere: permissions show nothing");
    IOException refusal = assertThrows(IOException.class, () -> Store.open(directory));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains(directory.toString()), refusal::toString);
  }

  private void openAndRead(StoreOptions options) throws IOException {
    try (Store store = Store.open(directory, options)) {
      Contents.read(store);
      assertArrayEquals(VALUE, store.get(KEY));
      assertNull(store.get(Contents.key("absent")));
    }
  }

  private static String permissions(Path path) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
    return PosixFilePermissions.toString(permissions);
  }
}
