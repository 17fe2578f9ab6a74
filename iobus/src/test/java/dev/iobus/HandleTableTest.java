package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.backend.Op;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class HandleTableTest {

  private static final BusOptions NIO =
      BusOptions.defaults().withBackend(BackendKind.NIO).withCapacity(1);

  @Test
  void staleAndDoubleCompletionsAreNoticed() throws IOException {
    try (Bus bus = Bus.open(NIO)) {
      HandleTable table = new HandleTable(bus, 2);
      Handle first = table.take(Op.NOP);
      long stale = first.userData;
      assertThrows(AssertionError.class, () -> table.completed(stale));
      first.enter(Handle.State.IN_FLIGHT);
      assertSame(first, table.completed(stale));
      first.enter(Handle.State.COMPLETED);
      assertThrows(AssertionError.class, () -> table.completed(stale));
      table.free(first);
      Handle again = table.take(Op.NOP);
      assertSame(first, again);
      again.enter(Handle.State.IN_FLIGHT);
      assertNotEquals(stale, again.userData);
      assertThrows(AssertionError.class, () -> table.completed(stale));
      assertThrows(AssertionError.class, () -> table.completed(99));
    }
  }

  @Test
  void aHandleWaitsForItsCancelBeforeItIsUsedAgain() throws IOException {
    try (Bus bus = Bus.open(NIO)) {
      HandleTable table = new HandleTable(bus, 1);
      Handle target = table.take(Op.NOP);
      Handle cancel = table.prepareCancel(target);
      assertSame(target, table.targetOf(cancel));
      assertEquals(target.userData, cancel.request.offset);
      table.free(target);
      assertThrows(QueueFullException.class, () -> table.take(Op.NOP));
      table.free(cancel);
      assertSame(target, table.take(Op.NOP));
    }
  }
}
