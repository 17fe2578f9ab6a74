package dev.iobus.kv;

import dev.iobus.kv.entry.Lookup;
import dev.iobus.kv.sstable.BlockHit;
import dev.iobus.kv.sstable.SSTableReader;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.Version;
import dev.iobus.storage.memory.MemoryLimitException;
import dev.iobus.storage.page.BlockFile;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PinnedBlock;
import dev.iobus.storage.page.WaitLimit;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads of several keys in step: in each round every key that is still open names the one block
/// that it needs next, and all those blocks are fetched together. Confined to one call.
///
/// A round takes all keys one table further, so there are as many rounds as one key has tables whose
/// filter lets it pass: mostly one.
final class MultiGet {

  /// Blocks that are pinned at one time.
  private static final int ROUND_MAX = 128;

  /// Pages of those blocks, but for a lone block, which may have more: a round that takes more memory
  /// than there is read in vain.
  private static final int ROUND_PAGES_MAX = 256;

  private final PageCache cache;
  private final List<MemorySegment> keys;
  private final long seekTag;
  private final byte[] @Nullable [] values;
  private final boolean[] isDone;
  private final Candidates[] candidates;

  // One round.
  private final int[] keyOf;
  private final BlockFile[] files;
  private final long[] offsets;
  private final int[] pages;
  private final @Nullable PinnedBlock[] pinned;
  private int count;
  private int pagesPlanned;

  /// For the blocks that are looked at one by one.
  private final WaitLimit limit = WaitLimit.ofCall();

  /// The tables that may hold one key, newest first, and how far the search is.
  private static final class Candidates {

    int levelZeroNext;
    int nextLevel = 1;
    @Nullable Table table;
    int block;
    long hash;
  }

  MultiGet(PageCache cache, List<MemorySegment> keys, long seekTag) {
    this.cache = cache;
    this.keys = keys;
    this.seekTag = seekTag;
    this.values = new byte[keys.size()] @Nullable [];
    this.isDone = new boolean[keys.size()];
    this.candidates = new Candidates[keys.size()];
    int round = Math.min(ROUND_MAX, keys.size());
    this.keyOf = new int[round];
    this.files = new BlockFile[round];
    this.offsets = new long[round];
    this.pages = new int[round];
    this.pinned = new @Nullable PinnedBlock[round];
    for (int i = 0; i < candidates.length; i++) {
      candidates[i] = new Candidates();
    }
  }

  void found(int key, byte[] value) {
    values[key] = value;
    isDone[key] = true;
  }

  void absent(int key) {
    isDone[key] = true;
  }

  /// Looks into the tables for all keys that are still open.
  List<byte @Nullable []> inTables(Version version) throws IOException {
    for (int key = 0; key < isDone.length; key++) {
      if (!isDone[key]) {
        candidates[key].hash = SSTableReader.hash(keys.get(key));
      }
    }
    boolean again = true;
    while (again) {
      again = false;
      for (int key = 0; key < isDone.length; key++) {
        if (!isDone[key] && advance(candidates[key], version, keys.get(key))) {
          again = true;
          plan(key);
        } else {
          isDone[key] = true;
        }
      }
      runRound();
    }
    return Arrays.asList(values);
  }

  /// Moves to the next table that may hold the key; false when there is none.
  private boolean advance(Candidates candidate, Version version, MemorySegment key) {
    List<Table> newest = version.level(0);
    while (candidate.levelZeroNext < newest.size()) {
      Table table = newest.get(candidate.levelZeroNext++);
      if (table.info().mayHold(key) && accept(candidate, table, key)) {
        return true;
      }
    }
    while (candidate.nextLevel < Version.LEVELS) {
      Table table = version.find(candidate.nextLevel++, key);
      if (table != null && accept(candidate, table, key)) {
        return true;
      }
    }
    return false;
  }

  private boolean accept(Candidates candidate, Table table, MemorySegment key) {
    SSTableReader reader = table.reader();
    int block = reader.mayContain(candidate.hash) ? reader.find(key, seekTag) : -1;
    candidate.table = table;
    candidate.block = block;
    return block >= 0;
  }

  /// Adds the block that a key needs to the round, behind one that is full.
  private void plan(int key) throws IOException {
    Candidates candidate = candidates[key];
    SSTableReader reader = reader(candidate);
    int more = reader.blockPages(candidate.block);
    if (count == keyOf.length || pagesPlanned + more > ROUND_PAGES_MAX) {
      runRound();
    }
    keyOf[count] = key;
    files[count] = reader.blockFile();
    offsets[count] = reader.blockOffset(candidate.block);
    pages[count] = more;
    pagesPlanned += more;
    count++;
  }

  private static SSTableReader reader(Candidates candidate) {
    Table table = candidate.table;
    if (table == null) {
      throw new AssertionError("a key without a table was planned");
    }
    return table.reader();
  }

  private void runRound() throws IOException {
    int planned = count;
    count = 0;
    pagesPlanned = 0;
    if (planned == 0) {
      return;
    }
    try {
      // A round holds blocks that others may wait for, or it itself: it does not wait for memory.
      cache.pinAll(files, offsets, pages, planned, pinned, WaitLimit.none());
    } catch (MemoryLimitException e) {
      searchOneByOne(planned);
      return;
    }
    try {
      for (int i = 0; i < planned; i++) {
        PinnedBlock block = pinned[i];
        assert block != null : "pinAll fills every place";
        search(keyOf[i], block);
      }
    } finally {
      for (int i = 0; i < planned; i++) {
        PinnedBlock block = pinned[i];
        if (block != null) {
          block.close();
          pinned[i] = null;
        }
      }
    }
  }

  /// As a round that finds no memory for all of its blocks goes on. Who waits now holds none.
  private void searchOneByOne(int planned) throws IOException {
    for (int i = 0; i < planned; i++) {
      try (PinnedBlock block = cache.pin(files[i], offsets[i], pages[i], limit)) {
        search(keyOf[i], block);
      }
    }
  }

  private void search(int key, PinnedBlock block) throws IOException {
    Candidates candidate = candidates[key];
    BlockHit hit = new BlockHit();
    MemorySegment content = block.segment();
    boolean isHere =
        reader(candidate)
            .search(content, candidate.block, keys.get(key), seekTag, candidate.hash, hit);
    if (!isHere) {
      return;
    }
    isDone[key] = true;
    Table table = candidate.table;
    if (table != null && !Lookup.isDeletion(hit.tag(), table.path())) {
      values[key] = hit.value(content).toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
