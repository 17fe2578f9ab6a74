package dev.iobus;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NioSharedBusTest extends SharedBusContract {

  @Override
  BackendKind kind() {
    return BackendKind.NIO;
  }

  /// Of a bus of one thread a result said what to do; a call of a shared one did not.
  @Test
  void whatNioLacksIsSaid() throws IOException {
    OpenFile file = bus.open(directory.resolve("lacks"), OpenFlag.WRITE, OpenFlag.CREATE);
    MemorySegment memory = Arena.ofAuto().allocate(4096);
    IoBatch batch = bus.newBatch(1);
    batch.write(file, memory, 0, WriteFlag.DONT_CACHE);
    batch.await();
    for (NotSupportedException refused :
        List.of(
            assertThrows(
                NotSupportedException.class,
                () -> bus.write(file, memory, 0, WriteFlag.DONT_CACHE)),
            assertThrows(NotSupportedException.class, () -> batch.result(0)))) {
      assertTrue(refused.toString().contains("write without DONT_CACHE"), refused::toString);
    }
    bus.close(file);
  }
}
