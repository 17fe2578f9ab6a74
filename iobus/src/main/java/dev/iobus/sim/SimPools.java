package dev.iobus.sim;

import dev.iobus.backend.Op;
import dev.iobus.backend.Request;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The pools of one ring. Confined to the holder of the baton.
final class SimPools {

  private final RandomGenerator random;
  private final List<@Nullable SimPool> pools = new ArrayList<>();

  SimPools(RandomGenerator random) {
    this.random = random;
  }

  /// As [dev.iobus.backend.Backend#openPool].
  int open(MemorySegment slab, int count, int bufferBytes, boolean incremental) {
    int number = pools.indexOf(null);
    if (number < 0) {
      number = pools.size();
      pools.add(null);
    }
    Junk junk = Junk.of(random.nextLong());
    pools.set(number, new SimPool(slab, count, bufferBytes, incremental, junk));
    return number;
  }

  SimPool get(int number) {
    return Objects.requireNonNull(pools.get(number));
  }

  /// The pool that a request receives into; null for one that uses none.
  @Nullable SimPool of(Request request) {
    return request.op == Op.RECV && request.pool >= 0 ? get(request.pool) : null;
  }

  /// Looks at the buffers for the last time.
  void close(int number) {
    get(number).check();
    pools.set(number, null);
  }
}
