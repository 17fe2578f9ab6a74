package dev.iobus.kv.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetentionTest {

  private static final MemorySegment KEY = MemorySegment.ofArray(new byte[] {1});

  /// Sequences of one key that are kept; a negative one is a deletion.
  private static List<Long> kept(long[] boundaries, boolean nothingOlder, long... sequences) {
    Retention retention = new Retention(boundaries);
    List<Long> kept = new ArrayList<>();
    for (long sequence : sequences) {
      EntryKind kind = sequence < 0 ? EntryKind.DELETE : EntryKind.PUT;
      long tag = InternalKey.tag(Math.abs(sequence), kind);
      if (retention.keeps(KEY, tag, retention.isNewKey(KEY), nothingOlder)) {
        kept.add(sequence);
      }
    }
    return kept;
  }

  @Test
  void withoutSnapshotsOnlyTheNewestVersionIsKept() {
    assertEquals(List.of(9L), kept(new long[] {10}, false, 9, 5, 1));
  }

  @Test
  void eachSnapshotKeepsTheVersionThatItSees() {
    assertEquals(List.of(9L, 5L, 3L), kept(new long[] {4, 7, 10}, false, 9, 8, 5, 3, 2));
  }

  @Test
  void whatIsNotPublishedYetIsKeptWhole() {
    assertEquals(List.of(12L, 11L, 9L), kept(new long[] {10}, true, 12, 11, 9, 8));
  }

  @Test
  void aDeletionIsKeptWhileOlderVersionsMayBeElsewhere() {
    assertEquals(List.of(-9L), kept(new long[] {10}, false, -9, 5));
    assertEquals(List.of(), kept(new long[] {10}, true, -9, 5));
  }

  @Test
  void aDeletionThatASnapshotDoesNotSeeIsKept() {
    assertEquals(List.of(-9L, 3L), kept(new long[] {4, 10}, true, -9, 3, 2));
    assertEquals(List.of(9L), kept(new long[] {4, 10}, true, 9, -3, 2));
  }

  @Test
  void keysAreToldApart() {
    Retention retention = new Retention(new long[] {10});
    MemorySegment other = MemorySegment.ofArray(new byte[] {1, 0});
    long tag = InternalKey.tag(3, EntryKind.PUT);
    assertEquals(true, retention.isNewKey(KEY));
    retention.keeps(KEY, tag, true, false);
    assertEquals(false, retention.isNewKey(KEY));
    assertEquals(true, retention.isNewKey(other));
    assertEquals(true, retention.keeps(other, tag, true, false));
  }
}
