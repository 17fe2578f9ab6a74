package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.iobus.backend.Request;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UringSharedBusTest extends SharedBusContract {

  @BeforeAll
  static void needsIoUring() {
    try {
      SharedBus.open(BusOptions.defaults().withBackend(BackendKind.IO_URING)).close();
    } catch (java.io.IOException e) {
      Assumptions.abort("io_uring is not available: " + e.getMessage());
    }
  }

  @Override
  BackendKind kind() {
    return BackendKind.IO_URING;
  }

  /// An operation waits for its submission with the number of a slot. Another file in the slot by
  /// then would be read or written instead.
  @Test
  void aSlotIsNotGivenAwayUnderACall(@TempDir Path temp) throws Exception {
    BusOptions oneSlot = BusOptions.defaults().withBackend(BackendKind.IO_URING).withFiles(1);
    try (SharedBus bus = SharedBus.open(oneSlot)) {
      OpenFile first = bus.open(temp.resolve("a"), OpenFlag.CREATE, OpenFlag.WRITE);
      OpenFile second = bus.open(temp.resolve("b"), OpenFlag.CREATE, OpenFlag.WRITE);
      RegisteredFile slot = bus.register(first);
      bus.use(new Request(), slot);
      bus.unregister(slot);
      assertThrows(BusException.class, () -> bus.register(second));
      assertThrows(IllegalStateException.class, () -> bus.use(new Request(), slot));
      assertThrows(BusException.class, () -> bus.register(second));
      bus.letGo(slot);
      bus.unregister(bus.register(second));
      bus.close(first);
      bus.close(second);
    }
  }
}
