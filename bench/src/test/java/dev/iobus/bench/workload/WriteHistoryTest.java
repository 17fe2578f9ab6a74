package dev.iobus.bench.workload;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.bench.measure.MismatchException;
import org.junit.jupiter.api.Test;

final class WriteHistoryTest {

  private final WriteHistory history = new WriteHistory(4);

  private void finds(int version) {
    assertDoesNotThrow(() -> history.check(0, history.before(0), version));
  }

  private void mayNotFind(int version) {
    assertThrows(
        MismatchException.class, () -> history.check(0, history.before(0), version));
  }

  @Test
  void acknowledgedVersionMustBeFound() {
    history.loaded(2);
    finds(WriteHistory.LOADED);
    mayNotFind(0);
    mayNotFind(2);
    assertThrows(MismatchException.class, () -> history.checkAbsent(0, history.before(0)));
    assertDoesNotThrow(() -> history.checkAbsent(3, history.before(3)));
    assertEquals(2, history.begin(0));
    history.end(0);
    finds(2);
    mayNotFind(1);
  }

  @Test
  void whileAWriteIsInFlightOldAndNewAreRight() {
    history.loaded(1);
    history.begin(0);
    finds(1);
    finds(2);
    mayNotFind(3);
    history.end(0);
    mayNotFind(1);
  }

  /// Two writes that overlap may end in either order.
  @Test
  void overlappingWritesMayEndInAnyOrder() {
    history.loaded(1);
    history.begin(0);
    history.begin(0);
    history.end(0);
    finds(1);
    history.end(0);
    finds(2);
    finds(3);
    mayNotFind(1);
    history.begin(0);
    history.end(0);
    finds(4);
    mayNotFind(3);
  }

  /// What was known when the read began decides, not what is known when it ends.
  @Test
  void readThatBeganBeforeAWriteMayMissIt() throws Exception {
    history.loaded(1);
    long before = history.before(0);
    history.begin(0);
    history.end(0);
    history.check(0, before, 1);
    history.check(0, before, 2);
    mayNotFind(1);
  }

  @Test
  void deletedRecordsMustStayAway() throws Exception {
    history.loaded(1);
    history.beginDelete(0);
    finds(1);
    history.checkAbsent(0, history.before(0));
    history.endDelete(0);
    mayNotFind(1);
    history.checkAbsent(0, history.before(0));
    assertTrue(history.isGone(0));
    assertFalse(history.isSettled(0));
    history.beginDelete(0);
    history.endDelete(0);
    mayNotFind(1);
  }
}
