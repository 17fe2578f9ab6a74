package dev.iobus.kv;

import static dev.iobus.kv.StoreTest.bytes;
import static dev.iobus.kv.StoreTest.small;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a store finds when it is opened: after a crash, which is a copy of the directory of a store
/// that is still open, and after damage.
class RecoveryTest {

  @TempDir Path directory;
  @TempDir Path crashed;

  /// What the files held at one moment, as a killed process would leave them.
  ///
  /// Flushes, compactions and the log go on while files are copied, one after the other: that may be
  /// a state that never was, with a manifest whose tables are gone or a log with a hole, and no store
  /// has to read it. Where a second look finds each file as it was copied, all of them were so
  /// between the two.
  private Path crash() throws IOException {
    for (int i = 0; i < 1_000; i++) {
      if (isCopied()) {
        Files.deleteIfExists(crashed.resolve("lock"));
        return crashed;
      }
    }
    throw new AssertionError("the files of the store never came to rest");
  }

  private boolean isCopied() throws IOException {
    for (Path file : files(crashed, "*")) {
      Files.delete(file);
    }
    List<Path> found = files(directory, "*");
    try {
      for (Path file : found) {
        Files.copy(file, crashed.resolve(file.getFileName()));
      }
      for (Path file : found) {
        if (Files.mismatch(file, crashed.resolve(file.getFileName())) != -1) {
          return false;
        }
      }
    } catch (NoSuchFileException deletedMeanwhile) {
      return false;
    }
    return files(directory, "*").equals(found);
  }

  private static List<Path> files(Path directory, String glob) throws IOException {
    try (var stream = Files.newDirectoryStream(directory, glob)) {
      List<Path> found = new ArrayList<>();
      stream.forEach(found::add);
      found.sort(null);
      return found;
    }
  }

  /// A process that was killed while it opened the store left the manifest that the next opener
  /// wants to make: first the next open failed because the name was there, then because the file
  /// was deleted twice.
  @Test
  void halfOfTheNextManifestIsNoHindrance() throws IOException {
    try (Store store = Store.open(directory, StoreTest.small())) {
      store.put(new byte[] {1}, new byte[] {2});
    }
    for (int number = 1; number < 20; number++) {
      Files.writeString(directory.resolve("manifest-%012d.new".formatted(number)), "half");
    }
    try (Store store = Store.open(directory, StoreTest.small())) {
      assertArrayEquals(new byte[] {2}, store.get(new byte[] {1}));
    }
    try (var names = Files.list(directory)) {
      assertEquals(0, names.filter(name -> name.toString().endsWith(".new")).count());
    }
  }

  @Test
  void whatWasAcknowledgedIsThereAfterACrash() throws IOException {
    StoreOptions options = small().withDurability(Durability.WRITTEN);
    try (Store store = Store.open(directory, options)) {
      for (int i = 0; i < 3_000; i++) {
        store.put(bytes("key%05d".formatted(i)), new byte[100]);
        if (i % 3 == 0) {
          store.delete(bytes("key%05d".formatted(i)));
        }
        if (i % 600 == 599) {
          try (Store recovered = Store.open(crash(), options)) {
            assertHolds(recovered, i + 1);
          }
        }
      }
    }
  }

  private static void assertHolds(Store store, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      byte[] value = store.get(bytes("key%05d".formatted(i)));
      if (i % 3 == 0) {
        assertNull(value, "key " + i);
      } else {
        assertArrayEquals(new byte[100], value, "key " + i);
      }
    }
    assertNull(store.get(bytes("key%05d".formatted(count))));
  }

  @Test
  void twoRecoveriesFindTheSame() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("a"), bytes("1"));
      store.flush();
      store.put(bytes("b"), bytes("2"));
      crash();
    }
    for (int i = 0; i < 3; i++) {
      try (Store store = Store.open(crashed, small())) {
        assertArrayEquals(bytes("1"), store.get(bytes("a")));
        assertArrayEquals(bytes("2"), store.get(bytes("b")));
        try (Snapshot snapshot = store.snapshot()) {
          assertEquals(2, snapshot.sequence());
        }
      }
    }
  }

  @Test
  void aLogLargerThanTheMemoryIsRecovered() throws IOException {
    StoreOptions roomy = small().withMemtableBytes(2 << 20).withDurability(Durability.WRITTEN);
    try (Store store = Store.open(directory, roomy)) {
      for (int i = 0; i < 3_000; i++) {
        store.put(bytes("key%05d".formatted(i)), new byte[400]);
      }
      crash();
    }
    try (Store store = Store.open(crashed, small())) {
      assertTrue(store.stats().tablesPerLevel().getFirst() > 2);
      for (int i = 0; i < 3_000; i++) {
        assertArrayEquals(new byte[400], store.get(bytes("key%05d".formatted(i))));
      }
      store.put(bytes("more"), bytes("1"));
    }
    try (Store store = Store.open(crashed, small())) {
      assertArrayEquals(bytes("1"), store.get(bytes("more")));
    }
  }

  @Test
  void filesThatNothingRefersToAreRemoved() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("a"), bytes("1"));
      store.flush();
    }
    Path table = files(directory, "table-*").getFirst();
    Path orphan = Files.copy(table, directory.resolve("table-000000000777"));
    Path temporary = Files.writeString(directory.resolve("manifest-000000000099.new"), "half");
    Path foreign = Files.writeString(directory.resolve("notes.txt"), "mine");
    try (Store store = Store.open(directory, small())) {
      assertArrayEquals(bytes("1"), store.get(bytes("a")));
      assertFalse(Files.exists(orphan));
      assertFalse(Files.exists(temporary));
      assertTrue(Files.exists(foreign));
      assertEquals(1, files(directory, "manifest-*").size());
      store.put(bytes("b"), bytes("2"));
      store.flush();
      assertTrue(Files.exists(directory.resolve("table-000000000778")));
    }
  }

  @Test
  void aMissingTableIsReported() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("a"), bytes("1"));
      store.flush();
    }
    Path table = files(directory, "table-*").getFirst();
    Files.delete(table);
    CorruptionException failure =
        assertThrows(CorruptionException.class, () -> Store.open(directory, small()));
    assertTrue(failure.file().endsWith(table.getFileName().toString()), failure.toString());
  }

  @Test
  void aTableOfAnotherStoreIsReported() throws IOException {
    for (Path place : List.of(directory, crashed)) {
      try (Store store = Store.open(place, small())) {
        store.put(bytes("a"), bytes(place.equals(directory) ? "1" : "2"));
        store.flush();
      }
    }
    Files.copy(
        files(crashed, "table-*").getFirst(),
        files(directory, "table-*").getFirst(),
        StandardCopyOption.REPLACE_EXISTING);
    assertThrows(CorruptionException.class, () -> Store.open(directory, small()));
  }

  @Test
  void aLostLogIsReported() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("a"), bytes("1"));
      store.flush();
      store.put(bytes("b"), bytes("2"));
    }
    for (Path segment : files(directory, "wal-*")) {
      Files.delete(segment);
    }
    assertThrows(CorruptionException.class, () -> Store.open(directory, small()));
  }

  /// The file with the end of the log was the one whose loss nobody noticed: what was before it looked
  /// like the whole log, and a store that had not flushed anything yet looked like a new one.
  @Test
  void aLostFileOfAClosedLogIsReported() throws IOException {
    StoreOptions options = small().withMemtableBytes(1 << 20).withLogSegmentBytes(64 << 10, 64 << 10);
    byte[] value = new byte[10_000];
    for (int count : new int[] {1, 5, 6, 7, 8}) {
      Path closed = directory.resolve("closed" + count);
      try (Store store = Store.open(closed, options)) {
        for (int i = 0; i < count; i++) {
          store.put(bytes("key" + i), value);
        }
      }
      int reported = 0;
      for (Path segment : files(closed, "wal-*")) {
        Path image = crashed.resolve(count + segment.getFileName().toString());
        copyWithout(segment, closed, image);
        try (Store store = Store.open(image, options)) {
          for (int i = 0; i < count; i++) { // It was prepared, and nothing was in it yet.
            assertArrayEquals(value, store.get(bytes("key" + i)), count + " in " + segment);
          }
        } catch (CorruptionException e) {
          reported++;
        }
      }
      assertTrue(reported > 0, "the loss of none of the files was reported");
    }
  }

  private static void copyWithout(Path left, Path from, Path to) throws IOException {
    Files.createDirectory(to);
    for (Path file : files(from, "*")) {
      if (!file.equals(left)) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void aFailedOpenLeavesNothingOpen() throws IOException {
    try (Store store = Store.open(directory, small())) {
      store.put(bytes("a"), bytes("1"));
      store.flush();
    }
    Path table = files(directory, "table-*").getFirst();
    byte[] intact = Files.readAllBytes(table);
    byte[] damaged = intact.clone();
    damaged[damaged.length - 100] ^= 1;
    Files.write(table, damaged);
    for (int i = 0; i < 3; i++) {
      assertThrows(CorruptionException.class, () -> Store.open(directory, small()));
    }
    Files.write(table, intact);
    try (Store store = Store.open(directory, small())) {
      assertArrayEquals(bytes("1"), store.get(bytes("a")));
    }
  }
}
