package dev.iobus.bench.quick;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.kv.Cursor;
import dev.iobus.kv.Store;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the parent finds after a kill, and that it notices what a broken store would leave.
final class CrashStepsTest {

  @TempDir private Path directory;

  @Test
  void everyNumberOfStepsIsFound() throws Exception {
    try (Store store = Store.open(directory)) {
      CrashSteps writer = new CrashSteps(0, 0);
      for (int steps = 0; steps < 20; steps++) {
        assertEquals(steps, writer.findAcknowledged(store, steps).steps());
        assertEquals(steps, writer.findPrefix(store).steps());
        if (steps > 0) {
          assertEquals(steps, writer.findAcknowledged(store, steps - 1).steps());
        }
        writer.apply(store, steps);
      }
    }
  }

  @Test
  void lostAcknowledgedStepIsNoticed() throws Exception {
    try (Store store = Store.open(directory)) {
      CrashSteps writer = new CrashSteps(0, 0);
      for (int step = 0; step < 10; step++) {
        writer.apply(store, step);
      }
      assertThrows(MismatchException.class, () -> writer.findAcknowledged(store, 11));
    }
  }

  @Test
  void partOfBatchIsNoticed() throws Exception {
    try (Store store = Store.open(directory)) {
      CrashSteps writer = new CrashSteps(0, 0);
      writer.apply(store, 0);
      writer.apply(store, 1);
      byte[] member;
      try (Cursor cursor = store.cursor()) {
        cursor.seekToFirst();
        member = cursor.key();
      }
      store.delete(member);
      assertThrows(MismatchException.class, () -> writer.findAcknowledged(store, 1));
      assertThrows(MismatchException.class, () -> writer.findPrefix(store));
    }
  }

  @Test
  void writersDoNotSeeEachOther() throws Exception {
    try (Store store = Store.open(directory)) {
      CrashSteps one = new CrashSteps(0, 0);
      CrashSteps other = new CrashSteps(0, 1);
      one.apply(store, 0);
      assertEquals(0, other.findAcknowledged(store, 0).steps());
    }
  }
}
