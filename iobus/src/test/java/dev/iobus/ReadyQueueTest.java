package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.iobus.backend.CompletionFlags;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class ReadyQueueTest {

  private static final BusOptions NIO =
      BusOptions.defaults().withBackend(BackendKind.NIO).withCapacity(1);

  /// Results that stand in the queue lie beside results that stand in their handles.
  @Test
  void growsInOrderFromAnyPlaceOfTheFirst() throws IOException {
    try (Bus bus = Bus.open(NIO)) {
      for (int skipped = 0; skipped < 8; skipped++) {
        HandleTable table = new HandleTable(bus, 2);
        ReadyQueue queue = new ReadyQueue(table, new DirectResults());
        for (int i = 0; i < skipped; i++) {
          queue.add(table.get(0), i, 0);
          assertSame(table.get(0), queue.first());
          queue.remove();
        }
        for (int i = 0; i < 21; i++) {
          add(queue, table, i);
          assertEquals(i + 1, queue.size());
        }
        for (int i = 0; i < 21; i++) {
          take(queue, table, i);
        }
        assertTrue(queue.isEmpty());
      }
    }
  }

  private static void add(ReadyQueue queue, HandleTable table, int i) {
    if (i % 3 == 0) {
      queue.add(table.get(i % 4));
    } else {
      queue.add(table.get(i % 4), 100 + i, CompletionFlags.MORE);
    }
  }

  private static void take(ReadyQueue queue, HandleTable table, int i) {
    Handle handle = table.get(i % 4);
    handle.outcome = -1;
    handle.flags = 0;
    assertSame(handle, queue.first());
    queue.remove();
    assertEquals(i % 3 == 0 ? -1 : 100 + i, handle.outcome);
    assertEquals(i % 3 == 0, handle.isFinal());
  }
}
