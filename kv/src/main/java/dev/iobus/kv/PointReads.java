package dev.iobus.kv;

import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.kv.memtable.Memtable;
import dev.iobus.kv.sstable.BlockHit;
import dev.iobus.kv.sstable.SSTableReader;
import dev.iobus.kv.version.Table;
import dev.iobus.kv.version.Version;
import dev.iobus.storage.page.PageCache;
import dev.iobus.storage.page.PinnedBlock;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads of single keys: memtables newest first, then level 0 newest first, then one table of each
/// deeper level; the first version met is the newest. Thread-safe.
final class PointReads {

  private final Views views;
  private final Readers readers;
  private final PageCache cache;
  private final Leases leases;

  PointReads(Views views, Readers readers, PageCache cache, Leases leases) {
    this.views = views;
    this.readers = readers;
    this.cache = cache;
    this.leases = leases;
  }

  byte @Nullable [] get(MemorySegment key, @Nullable Snapshot snapshot) throws IOException {
    ReadView view = views.acquire();
    try {
      long sequence = readers.sequence(snapshot);
      Lookup recent = inMemory(view, key, sequence);
      return switch (recent) {
        case Lookup.Found found -> found.value().toArray(ValueLayout.JAVA_BYTE);
        case Lookup.Deleted deleted -> null;
        case Lookup.Absent absent -> inTables(view.version(), key, sequence);
      };
    } finally {
      view.release();
    }
  }

  private static Lookup inMemory(ReadView view, MemorySegment key, long sequence)
      throws IOException {
    List<LoggedMemtable> memtables = view.memtables();
    for (int i = 0; i < memtables.size(); i++) {
      Lookup found = memtables.get(i).memtable.get(key, sequence);
      if (!(found instanceof Lookup.Absent)) {
        return found;
      }
    }
    return Lookup.Absent.ABSENT;
  }

  private static byte @Nullable [] inTables(Version version, MemorySegment key, long sequence)
      throws IOException {
    BlockHit hit = new BlockHit();
    try (PinnedBlock block = find(version, key, sequence, hit)) {
      return block == null ? null : hit.value(block.segment()).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /// The block that holds the newest visible version of a key, if that is a value.
  ///
  /// @param hit says where in the block
  /// @return the block, which the caller closes; null when there is no value
  private static @Nullable PinnedBlock find(
      Version version, MemorySegment key, long sequence, BlockHit hit) throws IOException {
    long seekTag = InternalKey.seekTag(sequence);
    long hash = SSTableReader.hash(key);
    List<Table> newest = version.level(0);
    for (int i = 0; i < newest.size(); i++) {
      Table table = newest.get(i);
      if (table.info().mayHold(key)) {
        PinnedBlock block = table.reader().lookup(key, seekTag, hash, hit);
        if (block != null) {
          return valueOrNull(block, table, hit);
        }
      }
    }
    for (int level = 1; level < Version.LEVELS; level++) {
      Table table = version.find(level, key);
      if (table != null) {
        PinnedBlock block = table.reader().lookup(key, seekTag, hash, hit);
        if (block != null) {
          return valueOrNull(block, table, hit);
        }
      }
    }
    return null;
  }

  private static @Nullable PinnedBlock valueOrNull(PinnedBlock block, Table table, BlockHit hit)
      throws IOException {
    boolean isValue = false;
    try {
      isValue = !Lookup.isDeletion(hit.tag(), table.path());
    } finally {
      if (!isValue) {
        block.close();
      }
    }
    return isValue ? block : null;
  }

  @Nullable ValueLease lookup(MemorySegment key) throws IOException {
    ReadView view = views.acquire();
    try {
      long sequence = readers.sequence(null);
      List<LoggedMemtable> memtables = view.memtables();
      for (int i = 0; i < memtables.size(); i++) {
        Memtable memtable = memtables.get(i).memtable;
        switch (memtable.get(key, sequence)) {
          case Lookup.Found found -> {
            return lend(found, memtable);
          }
          case Lookup.Deleted deleted -> {
            return null;
          }
          case Lookup.Absent absent -> {}
        }
      }
      BlockHit hit = new BlockHit();
      PinnedBlock block = find(view.version(), key, sequence, hit);
      return block == null ? null : lend(hit, block);
    } finally {
      view.release();
    }
  }

  private ValueLease lend(Lookup.Found found, Memtable memtable) {
    boolean held = memtable.acquire();
    assert held : "the view holds the memtable";
    leases.opened();
    boolean lent = false;
    try {
      ValueLease lease = ValueLease.of(leases, found.value(), memtable);
      lent = true;
      return lease;
    } finally {
      if (!lent) {
        memtable.release();
        leases.closed();
      }
    }
  }

  private ValueLease lend(BlockHit hit, PinnedBlock block) {
    leases.opened();
    boolean lent = false;
    try {
      ValueLease lease = ValueLease.of(leases, hit.value(block.segment()), block);
      lent = true;
      return lease;
    } finally {
      if (!lent) {
        block.close();
        leases.closed();
      }
    }
  }

  List<byte @Nullable []> multiGet(List<MemorySegment> keys) throws IOException {
    ReadView view = views.acquire();
    try {
      long sequence = readers.sequence(null);
      MultiGet reads = new MultiGet(cache, keys, InternalKey.seekTag(sequence));
      for (int i = 0; i < keys.size(); i++) {
        switch (inMemory(view, keys.get(i), sequence)) {
          case Lookup.Found found -> reads.found(i, found.value().toArray(ValueLayout.JAVA_BYTE));
          case Lookup.Deleted deleted -> reads.absent(i);
          case Lookup.Absent absent -> {}
        }
      }
      return reads.inTables(view.version());
    } finally {
      view.release();
    }
  }
}
