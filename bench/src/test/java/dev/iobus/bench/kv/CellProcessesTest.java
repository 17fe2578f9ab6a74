package dev.iobus.bench.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.workload.Workload;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What the report says of the JVMs before their first row.
final class CellProcessesTest {

  private static List<Row> rows(boolean durable) {
    DataShape data = new DataShape(1000, 16, 100, 0.5, true, 1);
    return Preset.STANDARD.rows(data, 96 << 20).stream()
        .filter(row -> (row.workload() == Workload.FILLSYNC) == durable)
        .toList();
  }

  @Test
  void durableRowsAreWarmedUpForBySoManyThreads() {
    String told = CellProcesses.describeWarmUp(true, rows(true));
    assertTrue(told.contains("durably by 64 threads for 2.0 s"), told);
    assertFalse(CellProcesses.describeWarmUp(true, rows(false)).contains("durably"));
    assertEquals("none", CellProcesses.describeWarmUp(false, rows(true)));
  }
}
