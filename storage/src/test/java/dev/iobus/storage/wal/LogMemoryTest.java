package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import org.junit.jupiter.api.Test;

class LogMemoryTest {

  /// A task waited for room with a long record when its log was closed, and was refused. Where the
  /// close came to the memory of the log before that task did, it ended with an
  /// IllegalStateException, and the log's floor was never given back.
  @Test
  void lastReleaseClosesWhatWasClosedBefore() throws MemoryLimitException {
    MemoryBudget budget = new MemoryBudget(1000);
    LogMemory memory = new LogMemory(budget, "log", 100);
    memory.reserveRecord(200);
    memory.reserveRecord(50);
    memory.close();
    memory.releaseRecord(200);
    assertEquals(900, budget.available());
    memory.releaseRecord(50);
    assertEquals(1000, budget.available());
    memory.close();
  }

  /// Since records may come back late, a buffer that the log had lost was never told of.
  @Test
  void whatTheLogItselfKeepsIsReported() throws MemoryLimitException {
    MemoryBudget budget = new MemoryBudget(1000);
    LogMemory memory = new LogMemory(budget, "log", 100);
    memory.reserve(30);
    memory.reserveRecord(50);
    IllegalStateException leak = assertThrows(IllegalStateException.class, memory::close);
    assertTrue(String.valueOf(leak.getMessage()).contains("log closes with 30 bytes"));
    memory.release(30);
    memory.close();
    assertThrows(MemoryLimitException.class, () -> memory.reserveRecord(5000));
    memory.releaseRecord(50);
    assertEquals(1000, budget.available());
  }
}
