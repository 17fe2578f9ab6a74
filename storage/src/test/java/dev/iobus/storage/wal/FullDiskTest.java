package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.LogHarness.record;
import static dev.iobus.storage.wal.TracedDirectory.append;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.wal.AppendPrimitive.Way;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Segments that cannot be made, for want of room, or cannot be opened.
@Timeout(60)
class FullDiskTest {

  @TempDir Path path;

  private TracedDirectory traced;

  @BeforeEach
  void openDirectory() throws IOException {
    traced = new TracedDirectory(path.resolve("log"));
  }

  @AfterEach
  void closeDirectory() throws IOException {
    traced.close();
  }

  /// Makes the disk full for new segments.
  private void fillDisk(AtomicInteger refused) {
    traced.fault(
        op -> {
          if (op.isMaking()) {
            refused.getAndIncrement();
            throw new IOException("ENOSPC");
          }
        });
  }

  /// Appends until the disk is full. Returns the end of the last record.
  private static long appendUntilFull(Wal wal) {
    long[] end = {0};
    assertThrows(
        WalFullException.class,
        () -> {
          for (int i = 0; i < 10_000; i++) {
            end[0] = wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
          }
        });
    return end[0];
  }

  /// The mark that an idle log writes took the last place on a full disk. Closing it found none for
  /// its own, which is synced, and did not say so.
  @Test
  void markOfAnIdleLogLeavesAPlaceForTheLastOne() throws Exception {
    Wal wal = traced.openGrowing();
    fillDisk(new AtomicInteger());
    appendUntilFull(wal);
    LockSupport.parkNanos(3 * LogTimer.IDLE_NANOS);
    int before = traced.files().ops().size();
    wal.close();
    boolean marked = false;
    for (TracedFiles.Op op : traced.opsFrom(before)) {
      // Not what was tried in vain to make a segment.
      marked |= op.kind == TracedFiles.Kind.WRITE && !op.isMaking();
    }
    assertTrue(marked, "no mark was written");
  }

  /// A slot that was to be used again and could not be opened, for want of a descriptor, was lost
  /// until the log was opened anew.
  @Test
  void slotThatCannotBeOpenedNowIsUsedLater() throws Exception {
    try (Wal wal = traced.open(Way.DSYNC)) {
      long end = 0;
      while (wal.stats().segmentsCreated() < 6) {
        end = wal.append(MemorySegment.ofArray(record(0, 3_000)), Durability.SYNCED);
      }
      wal.release(end);
      AtomicInteger refused = new AtomicInteger();
      traced.fault(
          op -> {
            if (op.kind == TracedFiles.Kind.OPEN && refused.getAndIncrement() == 0) {
              throw new IOException("EMFILE");
            }
          });
      int before = traced.files().ops().size();
      int full = 0;
      List<String> opened = new ArrayList<>();
      for (int i = 0; i < 500 && opened.size() == Set.copyOf(opened).size(); i++) {
        try {
          wal.release(wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED));
        } catch (WalFullException e) {
          full++;
        }
        opened.clear();
        for (TracedFiles.Op op : traced.opsFrom(before)) {
          if (op.kind == TracedFiles.Kind.OPEN) {
            opened.add(op.name);
          }
        }
      }
      assertTrue(full <= 1, full + " appends were refused");
      assertEquals(opened.getFirst(), opened.getLast(), () -> "the first was lost: " + opened);
    }
  }

  /// Each creation of a segment that failed used a number up. When a full disk had refused a million
  /// of them the next one killed the task that makes segments, and all writers waited for ever, even
  /// when there was room again.
  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void numbersOfSlotsDoNotRunOut() throws Exception {
    try (Wal wal = traced.openGrowing()) {
      append(wal, 0);
    }
    Path first = traced.directory().path().resolve("wal-000001");
    Files.move(first, traced.directory().path().resolve("wal-999997"));
    try (Wal wal = traced.openGrowing()) {
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      for (int i = 0; i < 4; i++) {
        appendUntilFull(wal);
      }
      assertTrue(refused.get() >= 4, () -> refused + " were refused");
      traced.fault(op -> {});
      for (int i = 0; i < 100; i++) {
        append(wal, i);
      }
    }
  }

  /// The numbers of segments that are deleted when they are released ran out too, and then no log
  /// could be opened any more.
  @Test
  void logWithTheLargestNumberOpens() throws Exception {
    try (Wal wal = traced.openGrowing()) {
      append(wal, 0);
    }
    Path first = traced.directory().path().resolve("wal-000001");
    Files.move(first, traced.directory().path().resolve("wal-999999"));
    try (Wal wal = traced.openGrowing()) {
      append(wal, 1);
    }
    assertTrue(Files.exists(first));
  }

  /// What was refused for want of space made the next segment twice as large, and segments that were
  /// there were deleted, as too small for it, in place of being used.
  @Test
  void fullDiskUsesTheSegmentsThatItHas() throws Exception {
    try (Wal wal = traced.openGrowing()) {
      for (int i = 0; i < 30; i++) {
        wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
      }
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      long end = appendUntilFull(wal);
      assertTrue(wal.stats().segmentsCreated() >= 2, () -> wal.stats().toString());
      wal.release(end);
      int before = refused.get();
      append(wal, 0);
      assertEquals(before, refused.get());
      assertEquals(1, wal.stats().segmentsReused());
      traced.fault(op -> {});
    }
  }

  @Test
  void refusedSegmentsDoNotGrow() throws Exception {
    try (Wal wal = traced.openGrowing()) {
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      for (int i = 0; i < 5; i++) {
        appendUntilFull(wal);
      }
      traced.fault(op -> {});
      for (int i = 0; i < 20; i++) {
        wal.append(MemorySegment.ofArray(record(i, 3_000)), Durability.SYNCED);
      }
      wal.sync();
      for (String name : traced.directory().list()) {
        if (name.startsWith("wal-")) {
          assertTrue(Files.size(traced.directory().path().resolve(name)) <= 256 << 10, name);
        }
      }
    }
  }

  /// A segment that was to be ready in time could not be made, when the disk was full for a moment.
  /// Much later the first append that needed it was refused, though there was room.
  @Test
  void failureOfLongAgoRefusesNothing() throws Exception {
    // Half of it is left when the next one is asked for.
    try (Wal wal = traced.openGrowing(256 << 10)) {
      AtomicInteger refused = new AtomicInteger();
      fillDisk(refused);
      int i = 0;
      while (refused.get() == 0) {
        wal.append(MemorySegment.ofArray(record(i++, 3_000)), Durability.SYNCED);
        LockSupport.parkNanos(1_000_000);
      }
      traced.fault(op -> {});
      LockSupport.parkNanos(50_000_000);
      for (int more = 0; more < 60; more++) {
        wal.append(MemorySegment.ofArray(record(i++, 3_000)), Durability.SYNCED);
      }
    }
  }
}
