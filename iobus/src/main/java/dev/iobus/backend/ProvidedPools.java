package dev.iobus.backend;

import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The pools of a backend whose kernel takes no buffers itself. Owned by the submitting side.
final class ProvidedPools {

  private final List<@Nullable ProvidedBuffers> pools = new ArrayList<>();

  /// As [Backend#openPool].
  int open(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    if (incremental) {
      return -Errno.EINVAL;
    }
    int number = pools.indexOf(null);
    if (number < 0) {
      number = pools.size();
      pools.add(null);
    }
    pools.set(number, new ProvidedBuffers(slab, count, bufferBytes));
    return number;
  }

  ProvidedBuffers get(int number) {
    return Objects.requireNonNull(pools.get(number));
  }

  /// The pool that a request receives into; null for one that uses none.
  @Nullable ProvidedBuffers of(Request request) {
    return request.op == Op.RECV && request.pool >= 0 ? get(request.pool) : null;
  }

  void close(int number) {
    pools.set(number, null);
  }
}
