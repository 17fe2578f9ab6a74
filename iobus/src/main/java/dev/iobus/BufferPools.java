package dev.iobus;

import dev.iobus.backend.Backend;
import dev.iobus.posix.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The pools of buffers that a bus has open. Confined to the bus thread.
final class BufferPools {

  private static final int BUFFERS_MAX = 32_768;
  private static final int BUFFER_BYTES_MAX = 1 << 30;
  private static final long PAGE_BYTES = 4096;

  private final Bus bus;
  private final Backend backend;
  private final List<BufferPool> open = new ArrayList<>();

  BufferPools(Bus bus, Backend backend) {
    this.bus = bus;
    this.backend = backend;
  }

  BufferPool open(int count, int bufferBytes, boolean incremental) throws IOException {
    if (count < 1 || count > BUFFERS_MAX) {
      throw new IllegalArgumentException(count + " buffers are not 1 to " + BUFFERS_MAX);
    }
    if (bufferBytes < 1 || bufferBytes > BUFFER_BYTES_MAX) {
      throw new IllegalArgumentException(
          bufferBytes + " bytes a buffer are not 1 to " + BUFFER_BYTES_MAX);
    }
    Arena arena = Arena.ofShared();
    MemorySegment slab = arena.allocate((long) count * bufferBytes, PAGE_BYTES);
    int number = backend.openPool(slab, count, bufferBytes, incremental);
    if (number < 0) {
      arena.close();
      String pool = count + " x " + bufferBytes + " bytes";
      if (incremental && number == -Errno.EINVAL) {
        throw NotSupportedException.of(
            "newIncrementalPool",
            pool,
            "the backend or the kernel (before 6.12) fills no buffers piece by piece; use newPool");
      }
      throw BusException.of("newPool", pool, number, null);
    }
    BufferPool pool =
        new BufferPool(bus, backend, arena, slab, count, bufferBytes, incremental, number);
    open.add(pool);
    return pool;
  }

  void forget(BufferPool pool) {
    open.remove(pool);
  }

  /// Ends all when the bus closes.
  ///
  /// @param drained whether no operation is in flight any more
  void end(boolean drained) {
    for (BufferPool pool : open) {
      pool.end(drained);
    }
  }
}
