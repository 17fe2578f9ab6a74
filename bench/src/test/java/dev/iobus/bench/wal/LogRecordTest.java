package dev.iobus.bench.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

final class LogRecordTest {

  @Test
  void saysWhoWroteItAndWhichOneItIs() {
    for (int length = LogRecord.LENGTH_MIN; length < 40; length++) {
      MemorySegment record = record(length, 3, 7, 1L << 40);
      assertEquals(3, LogRecord.run(record));
      assertEquals(7, LogRecord.writer(record));
      assertEquals(1L << 40, LogRecord.number(record));
    }
  }

  @Test
  void fillerFollowsFromAllOfIt() {
    MemorySegment record = record(100, 1, 2, 3);
    assertEquals(-1, record.mismatch(record(100, 1, 2, 3)));
    for (MemorySegment other :
        new MemorySegment[] {record(100, 2, 2, 3), record(100, 1, 3, 3), record(100, 1, 2, 4)}) {
      long at = LogRecord.LENGTH_MIN;
      assertTrue(record.asSlice(at).mismatch(other.asSlice(at)) >= 0);
    }
  }

  private static MemorySegment record(int length, int run, int writer, long number) {
    MemorySegment record = MemorySegment.ofArray(new byte[length]);
    LogRecord.write(record, run, writer, number);
    return record;
  }
}
