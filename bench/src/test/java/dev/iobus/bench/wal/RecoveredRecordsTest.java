package dev.iobus.bench.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.MismatchException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/// A log that plays false, by hand.
final class RecoveredRecordsTest {

  private static final int RUN = 5;
  private static final int LENGTH = 33;

  private final RecoveredRecords recovered = new RecoveredRecords(RUN, 2, LENGTH, true);
  private long lsn = 100;

  @Test
  void allRecordsInOrderAreRight() throws Exception {
    give(0, 0);
    give(1, 0);
    give(1, 1);
    give(0, 1);
    assertEquals(4, recovered.finish(new long[] {2, 2}));
  }

  @Test
  void recordsThatWereNotAcknowledgedMayBeThere() throws Exception {
    give(0, 0);
    give(0, 1);
    assertEquals(2, recovered.finish(new long[] {1, 0}));
  }

  @Test
  void lostLastRecordIsNoticed() {
    give(0, 0);
    give(1, 0);
    assertMismatch("lost records of writer 1: it gave back 1, expected at least 2", 1, 2);
  }

  @Test
  void lostRecordBetweenOthersIsNoticed() {
    give(0, 0);
    give(0, 2);
    assertMismatch("is record 2 of writer 0, expected 1", 3, 0);
  }

  @Test
  void emptyLogIsNoticed() {
    assertMismatch("lost records of writer 0: it gave back 0, expected at least 1", 1, 0);
  }

  @Test
  void swappedAndRepeatedRecordsAreNoticed() {
    give(0, 0);
    give(0, 0);
    assertMismatch("is record 0 of writer 0, expected 1", 1, 0);
  }

  @Test
  void everyDamagedByteIsNoticed() {
    for (int at = 0; at < LENGTH; at++) {
      RecoveredRecords damaged = new RecoveredRecords(RUN, 2, LENGTH, true);
      MemorySegment record = record(RUN, 0, 0, LENGTH);
      record.set(ValueLayout.JAVA_BYTE, at, (byte) (record.get(ValueLayout.JAVA_BYTE, at) ^ 1));
      damaged.record(0, LENGTH, record);
      assertThrows(MismatchException.class, () -> damaged.finish(new long[] {1, 0}), "byte " + at);
    }
  }

  @Test
  void strangeRecordsAreNoticed() {
    recovered.record(lsn, lsn + 1, record(RUN + 1, 0, 0, LENGTH));
    assertMismatch("is of run 6 and writer 0, expected run 5", 0, 0);
    RecoveredRecords other = new RecoveredRecords(RUN, 2, LENGTH, true);
    other.record(0, 1, record(RUN, 2, 0, LENGTH));
    assertThrows(MismatchException.class, () -> other.finish(new long[] {0, 0}));
    RecoveredRecords shorter = new RecoveredRecords(RUN, 2, LENGTH, true);
    shorter.record(0, 1, record(RUN, 0, 0, LENGTH - 1));
    assertThrows(MismatchException.class, () -> shorter.finish(new long[] {0, 0}));
  }

  @Test
  void firstRecordsMayBeReleased() throws Exception {
    RecoveredRecords later = new RecoveredRecords(RUN, 2, LENGTH, false);
    later.record(0, LENGTH, record(RUN, 0, 7, LENGTH));
    later.record(LENGTH, 2 * LENGTH, record(RUN, 0, 8, LENGTH));
    assertEquals(2, later.finish(new long[] {8, 0}));
    assertThrows(MismatchException.class, () -> later.finish(new long[] {7, 0}));
    assertThrows(MismatchException.class, () -> later.finish(new long[] {10, 0}));
    later.record(2 * LENGTH, 3 * LENGTH, record(RUN, 0, 10, LENGTH));
    assertThrows(MismatchException.class, () -> later.finish(new long[] {8, 0}));
  }

  @Test
  void placesThatGoBackAreNoticed() {
    give(0, 0);
    lsn -= 2 * LENGTH;
    give(0, 1);
    assertMismatch("the record before it at", 2, 0);
  }

  private void assertMismatch(String words, long... acknowledged) {
    MismatchException e =
        assertThrows(MismatchException.class, () -> recovered.finish(acknowledged));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(words), message);
  }

  private void give(int writer, long number) {
    recovered.record(lsn, lsn + LENGTH, record(RUN, writer, number, LENGTH));
    lsn += LENGTH;
  }

  private static MemorySegment record(int run, int writer, long number, int length) {
    MemorySegment record = MemorySegment.ofArray(new byte[length]);
    LogRecord.write(record, run, writer, number);
    return record;
  }
}
