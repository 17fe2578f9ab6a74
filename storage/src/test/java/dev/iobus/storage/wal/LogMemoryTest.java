package dev.iobus.storage.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
    memory.reserve(200);
    memory.reserve(50);
    memory.close();
    memory.release(200);
    assertEquals(900, budget.available());
    memory.release(50);
    assertEquals(1000, budget.available());
    memory.close();
  }
}
