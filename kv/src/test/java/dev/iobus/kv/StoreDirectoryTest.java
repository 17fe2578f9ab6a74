package dev.iobus.kv;

import static dev.iobus.kv.StoreTest.bytes;
import static dev.iobus.kv.StoreTest.small;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DirectoryLockedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Directories that a store opens, and those that it refuses.
class StoreDirectoryTest {

  @TempDir Path directory;

  @Test
  void oneDirectoryIsOpenedOnce() throws IOException {
    Path link = directory.resolveSibling(directory.getFileName() + "-link");
    Files.createSymbolicLink(link, directory);
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("k"), bytes("v"));
      assertThrows(DirectoryLockedException.class, () -> Store.open(directory, small()));
      assertThrows(DirectoryLockedException.class, () -> Store.open(link, small()));
      assertArrayEquals(bytes("v"), store.get(bytes("k")));
    } finally {
      Files.delete(link);
    }
  }

  @Test
  void aForeignDirectoryIsRefusedAndLeftAlone() throws IOException {
    Path file = Files.writeString(directory.resolve("notes.txt"), "mine");
    NotAStoreException refusal =
        assertThrows(NotAStoreException.class, () -> Store.open(directory, small()));
    String message = requireNonNull(refusal.getMessage());
    assertTrue(message.contains("notes.txt"), message);
    assertEquals("mine", Files.readString(file));
    Path plain = Files.writeString(directory.resolve("plain"), "a file");
    assertThrows(IOException.class, () -> Store.open(plain, small()));
  }

  @Test
  void aStoreWithoutItsManifestIsRefused() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("k"), bytes("v"));
    }
    for (Path manifest : manifests()) {
      Files.delete(manifest);
    }
    assertThrows(CorruptionException.class, () -> Store.open(directory, small()));
  }

  private List<Path> manifests() throws IOException {
    try (var files = Files.newDirectoryStream(directory, "manifest-*")) {
      List<Path> found = new ArrayList<>();
      files.forEach(found::add);
      return found;
    }
  }

  @Test
  void tooLittleMemoryIsRefusedWithTheNumber() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class, () -> StoreOptions.defaults().withMemoryBytes(1 << 20));
    String message = requireNonNull(refusal.getMessage());
    assertTrue(message.contains("" + (16 << 20)), message);
  }
}
