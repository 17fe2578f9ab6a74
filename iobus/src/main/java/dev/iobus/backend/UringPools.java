package dev.iobus.backend;

import dev.iobus.posix.Errno;
import dev.iobus.uring.BufferRing;
import dev.iobus.uring.Ring;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The buffer pools of a ring: rings of provided buffers where the kernel has them, since Linux
/// 5.19. Before that a buffer is taken when a request is prepared, so that each that waits holds
/// one.
///
/// Confined to the thread that owns the ring.
final class UringPools {

  private final Ring ring;
  private final List<@Nullable BufferRing> rings = new ArrayList<>();
  private final List<@Nullable ProvidedBuffers> provided = new ArrayList<>();

  /// Whether the kernel takes the buffers itself; not known before the first pool.
  private boolean areRings = true;

  UringPools(Ring ring) {
    this.ring = ring;
  }

  /// Whether the kernel takes the buffers itself.
  boolean areRings() {
    return areRings;
  }

  /// Opens a pool. Returns its number, or a negated error number.
  int open(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    int number = rings.indexOf(null);
    if (number < 0) {
      number = rings.size();
      rings.add(null);
      provided.add(null);
    }
    if (areRings) {
      BufferRing.Attempt attempt =
          BufferRing.open(ring, number, slab, count, bufferBytes, incremental);
      if (attempt.ring() != null) {
        rings.set(number, attempt.ring());
        return number;
      }
      boolean lacking = attempt.refusal() == -Errno.EINVAL && !incremental && used() == 0;
      if (!lacking) {
        return attempt.refusal();
      }
      areRings = false;
    }
    if (incremental) {
      return -Errno.EINVAL;
    }
    provided.set(number, new ProvidedBuffers(slab, count, bufferBytes));
    return number;
  }

  private long used() {
    return rings.stream().filter(java.util.Objects::nonNull).count();
  }

  void giveBack(int pool, int buffer) {
    BufferRing present = rings.get(pool);
    if (present != null) {
      present.provide(buffer);
    } else {
      provided(pool).giveBack(buffer);
    }
  }

  private ProvidedBuffers provided(int pool) {
    return java.util.Objects.requireNonNull(provided.get(pool));
  }

  /// Takes a buffer for a request that is prepared. Returns false when none is free.
  boolean take(Request request) {
    ProvidedBuffers buffers = provided(request.pool);
    int buffer = buffers.take();
    if (buffer < 0) {
      return false;
    }
    request.buffer = buffers.memory(buffer);
    request.length = (int) request.buffer.byteSize();
    request.poolBuffer = buffer;
    return true;
  }

  /// The flags of a completion, with the buffer that [#take] took for it.
  int flags(Request request, int result, int flags) {
    if (request.poolBuffer < 0) {
      return flags;
    }
    int buffer = request.poolBuffer;
    request.poolBuffer = -1;
    if (result > 0) {
      return flags | CompletionFlags.ofBuffer(buffer);
    }
    provided(request.pool).giveBack(buffer);
    return flags;
  }

  /// Closes a pool that no request uses any more.
  void close(int pool) {
    BufferRing present = rings.get(pool);
    if (present != null) {
      present.close();
    }
    rings.set(pool, null);
    provided.set(pool, null);
  }

  void closeAll() {
    for (int pool = 0; pool < rings.size(); pool++) {
      close(pool);
    }
  }
}
