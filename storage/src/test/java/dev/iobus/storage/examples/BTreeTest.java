package dev.iobus.storage.examples;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.BusOptions;
import dev.iobus.OpenFlag;
import dev.iobus.SharedBus;
import dev.iobus.sim.Faults;
import dev.iobus.sim.SimDisk;
import dev.iobus.sim.SimScheduler;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The B-tree of the README does what it says, and the README shows what is compiled.
@Timeout(60)
final class BTreeTest {

  private static final long MEMORY_BYTES = 12 << 20;

  @TempDir Path temp;

  @Test
  void whatWasPutIsThereAfterCrashes() throws Exception {
    Random random = new Random(1);
    TreeMap<Long, Long> model = new TreeMap<>();
    for (int life = 0; life < 6; life++) {
      BTree tree = BTree.open(temp.resolve("tree"), MEMORY_BYTES);
      check(tree, model);
      for (int i = 0; i < 400; i++) {
        // Ascending, descending and scattered keys.
        long key = life < 2 ? i : life < 4 ? -i : random.nextInt(5000);
        long value = random.nextLong();
        tree.put(key, value);
        model.put(key, value);
        if (i == 200 && life % 2 == 0) {
          tree.checkpoint();
        }
      }
      check(tree, model);
      if (life % 3 == 2) {
        tree.close();
      } else {
        tree.crash();
      }
    }
  }

  /// Power is lost at some moment of puts and checkpoints, on a simulated disk that keeps of each write
  /// in flight whatever sectors it likes. Pages of the file are torn by that, and nobody reads them: what
  /// was put is there, and what was being put is there in whole or not at all.
  @Test
  void tornPagesAreNeverRead() throws Exception {
    int torn = 0;
    for (int seed = 1; seed <= 20; seed++) {
      SimDisk disk = new SimDisk();
      disk.createDirectories(SIMULATED);
      TreeMap<Long, Long> model = new TreeMap<>();
      Random random = new Random(seed);
      for (int life = 0; life < 3; life++) {
        SimScheduler host = new SimScheduler(random.nextLong(), disk, new Faults());
        boolean ended = host.run(() -> putUntilPowerIsLost(host, model, random));
        disk = ended ? disk : disk.crash(random.nextLong());
        SimScheduler after = new SimScheduler(random.nextLong(), disk);
        int[] found = {0};
        assertTrue(after.run(() -> found[0] = checkAfterCrash(after, model)), "seed " + seed);
        torn += found[0];
      }
    }
    assertTrue(torn > 0, "no page was torn");
  }

  private static final Path SIMULATED = Path.of("/sim/tree");

  private static BTree openOn(SimScheduler host) throws IOException {
    return BTree.open(SIMULATED, MEMORY_BYTES, BusOptions.defaults().withScheduler(host));
  }

  /// A put that has not returned is kept in the model as a number of its own: the key is negative then.
  private static void putUntilPowerIsLost(
      SimScheduler host, Map<Long, Long> model, Random random) throws IOException {
    try (BTree tree = openOn(host)) {
      int puts = 20 + random.nextInt(100);
      for (int i = 0; i < puts; i++) {
        long key = 1L + random.nextInt(2000);
        long value = random.nextLong();
        model.put(-key, value);
        tree.put(key, value);
        model.remove(-key);
        model.put(key, value);
        if (random.nextInt(25) == 0) {
          tree.checkpoint();
        }
      }
      // In a checkpoint as a rule, which takes about as many operations, or behind it.
      host.faults().losePowerAfter(host.operations() + 1 + random.nextInt(16));
      tree.checkpoint();
    }
  }

  /// Returns how many pages are torn.
  private static int checkAfterCrash(SimScheduler host, SortedMap<Long, Long> model)
      throws IOException {
    int torn = 0;
    try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host));
        DataDirectory directory = DataDirectory.open(bus, SIMULATED)) {
      torn = directory.list().contains("pages") ? tornPages(directory) : 0;
    }
    BTree tree = openOn(host);
    for (long pending : List.copyOf(model.headMap(0L).keySet())) {
      long value = requireNonNull(model.remove(pending));
      if (tree.get(-pending).equals(OptionalLong.of(value))) {
        model.put(-pending, value);
      }
    }
    for (Map.Entry<Long, Long> entry : model.entrySet()) {
      assertEquals(OptionalLong.of(entry.getValue()), tree.get(entry.getKey()));
    }
    assertEquals(OptionalLong.empty(), tree.get(Long.MAX_VALUE));
    tree.crash();
    return torn;
  }

  private static int tornPages(DataDirectory directory) throws IOException {
    int torn = 0;
    try (DataFile file = directory.open("pages", true, OpenFlag.READ);
        Arena arena = Arena.ofShared()) {
      NodeCodec codec = new NodeCodec(file.path());
      MemorySegment page = arena.allocate(Node.STORED_BYTES, Node.STORED_BYTES);
      for (long at = 0; file.readFully(page, at) == page.byteSize(); at += page.byteSize()) {
        try {
          codec.verify(page, at);
        } catch (CorruptionException e) {
          boolean isHole = page.mismatch(arena.allocate(page.byteSize())) < 0;
          torn += isHole ? 0 : 1;
        }
      }
    }
    return torn;
  }

  @Test
  void openingThatFailedCanBeTriedAgain() throws Exception {
    Path path = temp.resolve("tree");
    for (long bytes : new long[] {1 << 20, 3 << 20}) {
      assertThrows(IllegalArgumentException.class, () -> BTree.open(path, bytes));
    }
    BTree.open(path, MEMORY_BYTES).close();
  }

  private static void check(BTree tree, Map<Long, Long> model) throws Exception {
    for (Map.Entry<Long, Long> entry : model.entrySet()) {
      assertEquals(OptionalLong.of(entry.getValue()), tree.get(entry.getKey()));
    }
    assertEquals(OptionalLong.empty(), tree.get(Long.MAX_VALUE));
    assertEquals(OptionalLong.empty(), tree.get(Long.MIN_VALUE));
  }

  @Test
  void readersSeeWholeChanges() throws Exception {
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    try (BTree tree = BTree.open(temp.resolve("tree"), MEMORY_BYTES)) {
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int first = t;
        threads.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        for (long key = first; key < 1200; key += 4) {
                          tree.put(key, 7 * key);
                          assertEquals(OptionalLong.of(7 * key), tree.get(key));
                          tree.get(1200 - key).ifPresent(value -> assertEquals(0, value % 7));
                        }
                      } catch (Throwable e) {
                        failure.compareAndSet(null, e);
                      }
                    }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertNull(failure.get());
      for (long key = 0; key < 1200; key++) {
        assertEquals(OptionalLong.of(7 * key), tree.get(key));
      }
    }
  }

  /// Each piece of code of the page is, line by line, a part of what is compiled.
  @Test
  void thePageShowsWhatIsCompiled() throws Exception {
    Path module = Path.of(System.getProperty("user.dir"));
    List<String> sources = new ArrayList<>();
    for (String name : List.of("BTree", "NodeCodec")) {
      sources.add(
          squeezed(
              Files.readString(
                  module.resolve(
                      "src/test/java/dev/iobus/storage/examples/" + name + ".java"))));
    }
    String page = Files.readString(module.resolve("README.md"));
    String section = page.substring(page.indexOf("## The page cache"));
    int next = section.indexOf("\n## ");
    String[] parts = (next < 0 ? section : section.substring(0, next)).split("```", -1);
    int pieces = 0;
    for (int i = 1; i < parts.length; i += 2) {
      if (parts[i].startsWith("java\n")) {
        pieces++;
        String piece = squeezed(parts[i].substring(5));
        assertTrue(sources.stream().anyMatch(source -> source.contains(piece)), parts[i]);
      }
    }
    assertTrue(pieces >= 5, pieces + " pieces of code");
  }

  private static String squeezed(String code) {
    return code.replaceAll("\\s+", " ").strip();
  }
}
