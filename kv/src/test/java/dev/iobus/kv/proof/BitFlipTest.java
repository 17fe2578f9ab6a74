package dev.iobus.kv.proof;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BackendKind;
import dev.iobus.kv.Store;
import dev.iobus.kv.StoreOptions;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.FileKind;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.wal.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One flipped bit anywhere in the files of a store is reported by a typed error that names the
/// file, or changes no answer. It never makes the store give a wrong answer, fail in another way,
/// or hang.
///
/// Each trial takes a copy of the store's files, flips one bit, opens the store, reads everything
/// in every way, and verifies. Bytes of the first and the last page of each file (headers, footers)
/// and bytes elsewhere take turns, at random, until the time is up or all were tried. The system
/// property `iobus.flips.seconds` sets the time of each test (2; the profile `flips` has more),
/// `iobus.flips.seed` the choice.
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BitFlipTest {

  private static final long SECONDS = Long.getLong("iobus.flips.seconds", 2);
  private static final long SEED = Long.getLong("iobus.flips.seed", System.nanoTime());
  private static final int PAGE_BYTES = 4096;
  private static final int FLIPS_MIN = 30;
  private static final long IDLE_MILLIS = 400;

  private final Random random = new Random(SEED);
  private final TreeMap<String, byte[]> expected = new TreeMap<>();

  private final List<BackendKind> backends = ProofOptions.available();

  @TempDir Path temporary;

  /// A flipped bit, and what came of it.
  ///
  /// @param reported the typed error, or null when there was none
  /// @param answered whether everything could be read
  /// @param contents what the store answered until the error
  private record Trial(
      Place place,
      int bit,
      @Nullable IOException reported,
      boolean answered,
      SortedMap<String, byte[]> contents) {

    @Override
    public String toString() {
      return "bit " + bit + " of byte " + place.offset() + " of " + place.file() + " flipped";
    }
  }

  @Test
  void flippedBitInAnyFileIsReportedOrHarmless() throws IOException {
    DirectoryImage image = closedStoreWithTables();
    tryFlips("any file", image, places(image), 4 * SECONDS, expected);
  }

  @Test
  void afterCloseEveryFlipInTheLogIsReported() throws IOException {
    DirectoryImage image = storeInLogOnly(true, 0);
    Set<String> unreported = new TreeSet<>();
    for (Place place : tryFlips("closed log", image, logPlaces(image), SECONDS, expected)) {
      // A segment's first page holds its header twice, and what lies between counts for nothing.
      if (place.offset() >= PAGE_BYTES) {
        unreported.add(place.file() + ", page " + place.offset() / PAGE_BYTES);
      }
    }
    // The one page is that of the mark which close has written: without it nothing is missing.
    assertTrue(unreported.size() <= 1, () -> "flips not reported in " + unreported + replay());
  }

  @Test
  void afterCrashOnlyTheLastGroupMayBeDropped() throws IOException {
    DirectoryImage image = storeInLogOnly(false, 0);
    TreeMap<String, byte[]> withoutLast = new TreeMap<>(expected);
    withoutLast.remove(expected.lastKey());
    tryFlips("log after a crash", image, logPlaces(image), SECONDS, withoutLast);
  }

  @Test
  void afterCrashOfAnIdleStoreNothingMayBeDropped() throws IOException {
    DirectoryImage image = storeInLogOnly(false, IDLE_MILLIS);
    tryFlips("idle log after a crash", image, logPlaces(image), SECONDS, expected);
  }

  @Test
  void refusedOpeningChangesNothing() throws IOException {
    DirectoryImage image = storeInLogOnly(true, 0);
    int refused = 0;
    for (Place place : logPlaces(image)) {
      if (refused == 8) {
        break;
      }
      Path directory = temporary.resolve("refused");
      image.writeTo(directory);
      damage(directory, image, place);
      try {
        Store.open(directory, options(null)).close();
        continue;
      } catch (CorruptionException | FormatVersionException e) {
        refused++;
      }
      Files.write(directory.resolve(place.file()), image.bytes(place.file()));
      try (Store store = Store.open(directory, options(null))) {
        assertNull(
            Contents.difference(expected, Contents.read(store)),
            () -> place + " refused, then mended" + replay());
      }
    }
    assertEquals(8, refused, "openings refused");
  }

  /// A store whose entries lie in two tables and in the log, one of them larger than a block.
  private DirectoryImage closedStoreWithTables() throws IOException {
    Path directory = temporary.resolve("original");
    try (Store store = Store.open(directory, options(null))) {
      for (int i = 0; i < 400; i++) {
        put(store, String.format(Locale.ROOT, "key%05d", i), 50 + random.nextInt(600));
      }
      put(store, "key-large", 40_000);
      store.flush();
      for (int i = 0; i < 400; i += 3) {
        put(store, String.format(Locale.ROOT, "key%05d", i), 50 + random.nextInt(100));
      }
      for (int i = 1; i < 400; i += 9) {
        String key = String.format(Locale.ROOT, "key%05d", i);
        store.delete(Contents.key(key));
        expected.remove(key);
      }
      store.flush();
      for (int i = 390; i < 430; i++) {
        put(store, String.format(Locale.ROOT, "key%05d", i), 50 + random.nextInt(100));
      }
    }
    return DirectoryImage.of(directory);
  }

  /// A store all of whose entries lie in the log, each in a group of its own; its keys ascend in
  /// the order of writing.
  private DirectoryImage storeInLogOnly(boolean close, long idleMillis) throws IOException {
    Path directory = temporary.resolve("original");
    Store store = Store.open(directory, options(null));
    try {
      for (int i = 0; i < 40; i++) {
        put(store, String.format(Locale.ROOT, "key%05d", i), 20 + random.nextInt(2_000) * (i % 4));
      }
      if (close) {
        store.close();
      }
      Thread.sleep(idleMillis);
      return DirectoryImage.of(directory);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      store.close();
    }
  }

  private void put(Store store, String key, int valueBytes) throws IOException {
    byte[] value = new byte[valueBytes];
    random.nextBytes(value);
    Arrays.fill(value, valueBytes / 2, valueBytes, (byte) key.charAt(key.length() - 1));
    store.put(Contents.key(key), value);
    expected.put(key, value);
  }

  /// Flips one bit after the other until the time is up or all places were tried.
  ///
  /// @param alsoRight what may be found instead of everything
  /// @return where a flip was not reported
  private List<Place> tryFlips(
      String what,
      DirectoryImage image,
      List<Place> places,
      long seconds,
      SortedMap<String, byte[]> alsoRight)
      throws IOException {
    requireUnharmedCopyIsWhole(image);
    List<Place> unreported = new ArrayList<>();
    int tried = 0;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    for (Place place : places) {
      if (System.nanoTime() > deadline) {
        break;
      }
      // Both backends in turn: they must refuse alike.
      BackendKind backend = backends.get(tried % backends.size());
      try {
        Trial trial = flip(image, place, backend);
        requireRightAnswers(trial, alsoRight);
        if (trial.reported() == null) {
          unreported.add(place);
        }
      } catch (AssertionError e) {
        throw new AssertionError(e.getMessage() + " with " + backend + replay(), e);
      }
      tried++;
    }
    int reported = tried - unreported.size();
    System.out.println(
        "bit flips, " + what + ": " + tried + " tried, " + reported + " reported, "
            + unreported.size() + " without harm");
    assertTrue(tried >= FLIPS_MIN, "only " + tried + " flips were tried");
    assertTrue(reported >= tried / 4, "only " + reported + " of " + tried + " flips were seen");
    return unreported;
  }

  private void requireUnharmedCopyIsWhole(DirectoryImage image) throws IOException {
    Path directory = temporary.resolve("unharmed");
    image.writeTo(directory);
    try (Store store = Store.open(directory, options(null))) {
      assertNull(Contents.difference(expected, Contents.read(store)), "before any damage");
    }
  }

  private void requireRightAnswers(Trial trial, SortedMap<String, byte[]> alsoRight) {
    if (trial.answered()) {
      if (Contents.difference(alsoRight, trial.contents()) != null) {
        String difference = Contents.difference(expected, trial.contents());
        assertNull(difference, () -> trial + ": wrong answer, " + difference);
      }
      return;
    }
    for (Map.Entry<String, byte[]> entry : trial.contents().entrySet()) {
      assertArrayEquals(
          expected.get(entry.getKey()),
          entry.getValue(),
          () -> trial + ": wrong value of " + entry.getKey() + " before the error");
    }
  }

  private Trial flip(DirectoryImage image, Place place, BackendKind backend) throws IOException {
    Path directory = temporary.resolve("trial");
    image.writeTo(directory);
    int bit = damage(directory, image, place);
    TreeMap<String, byte[]> contents = new TreeMap<>();
    boolean answered = false;
    IOException reported = null;
    try (Store store = Store.open(directory, options(backend))) {
      Contents.readInto(contents, store);
      answered = true;
      store.verify();
    } catch (IOException e) {
      reported = e;
    } catch (RuntimeException | Error e) {
      throw new AssertionError("bit " + bit + " of " + place + " flipped: " + e, e);
    }
    Trial trial = new Trial(place, bit, reported, answered, contents);
    if (reported != null) {
      requireTyped(trial, reported);
    }
    return trial;
  }

  private int damage(Path directory, DirectoryImage image, Place place) throws IOException {
    byte[] bytes = image.bytes(place.file()).clone();
    int bit = random.nextInt(8);
    bytes[place.offset()] ^= (byte) (1 << bit);
    Files.write(directory.resolve(place.file()), bytes);
    return bit;
  }

  /// The error itself, or the one that the store has kept as the cause of its failure, says what
  /// is damaged.
  private void requireTyped(Trial trial, IOException error) {
    String file = trial.place().file();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof CorruptionException corruption) {
        assertTrue(
            corruption.file().endsWith(file) && corruption.offset() >= 0,
            () -> trial + ": the wrong file is blamed: " + corruption.getMessage());
        return;
      }
      if (cause instanceof FormatVersionException version) {
        assertTrue(
            String.valueOf(version.getMessage()).contains(file),
            () -> trial + ": the file is not named: " + version.getMessage());
        return;
      }
    }
    throw new AssertionError(trial + ": not a typed error: " + error, error);
  }

  /// A byte of a file.
  private record Place(String file, int offset) {}

  /// Where to flip. Bytes of first and last pages, where headers and
  /// footers lie, and bytes elsewhere take turns, so that neither kind takes all of the time.
  private List<Place> places(DirectoryImage image) {
    List<Place> edges = new ArrayList<>();
    List<Place> others = new ArrayList<>();
    for (Map.Entry<String, byte[]> file : image.files().entrySet()) {
      byte[] bytes = file.getValue();
      int lastPage = (bytes.length - 1) / PAGE_BYTES * PAGE_BYTES;
      for (int page = 0; page < bytes.length; page += PAGE_BYTES) {
        List<Place> places = page == 0 || page == lastPage ? edges : others;
        for (int offset = page; offset < liveEnd(bytes, page); offset++) {
          places.add(new Place(file.getKey(), offset));
        }
      }
    }
    Collections.shuffle(edges, random);
    Collections.shuffle(others, random);
    List<Place> places = new ArrayList<>();
    for (int i = 0; i < Math.max(edges.size(), others.size()); i++) {
      if (i < edges.size()) {
        places.add(edges.get(i));
      }
      if (i < others.size()) {
        places.add(others.get(i));
      }
    }
    return places;
  }

  /// Where to flip in the log's live bytes: headers and frames of the segments that hold frames.
  private List<Place> logPlaces(DirectoryImage image) {
    List<Place> places = new ArrayList<>();
    for (Map.Entry<String, byte[]> file : image.files().entrySet()) {
      byte[] bytes = file.getValue();
      List<Place> live = new ArrayList<>();
      boolean hasFrames = false;
      for (int page = 0; page < bytes.length; page += PAGE_BYTES) {
        for (int offset = page; offset < liveEnd(bytes, page); offset++) {
          live.add(new Place(file.getKey(), offset));
          hasFrames |= page > 0;
        }
      }
      if (hasFrames && image.kind(file.getKey()) == FileKind.WAL_SEGMENT) {
        places.addAll(live);
      }
    }
    Collections.shuffle(places, random);
    return places;
  }

  /// The end of what is not zero padding in the page that begins at `start`; `start` itself when
  /// the whole page is zero.
  private static int liveEnd(byte[] bytes, int start) {
    int end = Math.min(bytes.length, start + PAGE_BYTES);
    while (end > start && bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  private static StoreOptions options(@Nullable BackendKind backend) {
    return ProofOptions.of(backend, Durability.SYNCED);
  }

  private static String replay() {
    return " (-Diobus.flips.seed=" + SEED + ")";
  }
}
