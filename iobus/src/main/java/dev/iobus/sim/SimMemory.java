package dev.iobus.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// The arenas whose memory the kernel was given, so that a test can ask whether they were freed, and how
/// much of them there was at one time.
///
/// Confined to the holder of the baton.
final class SimMemory {

  private static final int SCOPES_BEFORE_A_LOOK = 64;

  private static final MemorySegment.Scope GLOBAL = Arena.global().scope();

  /// What of one arena the kernel was given: addresses from, and behind, that do not touch.
  private static final class Extents {

    private final TreeMap<Long, Long> ends = new TreeMap<>();
    private long bytes;

    /// Returns whether there is more than before.
    boolean add(long from, long to) {
      Map.Entry<Long, Long> before = ends.floorEntry(from);
      if (from == to || (before != null && before.getValue() >= to)) {
        return false;
      }
      long first = from;
      long last = to;
      for (Map.Entry<Long, Long> near = ends.floorEntry(last);
          near != null && near.getValue() >= first;
          near = ends.floorEntry(last)) {
        first = Math.min(first, near.getKey());
        last = Math.max(last, near.getValue());
        bytes -= near.getValue() - near.getKey();
        ends.remove(near.getKey());
      }
      ends.put(first, last);
      bytes += last - first;
      return true;
    }
  }

  /// Only counted and added up, so that the identity of the scopes decides nothing.
  private final Map<MemorySegment.Scope, Extents> scopes = new HashMap<>();

  private int look = SCOPES_BEFORE_A_LOOK;
  private long most;

  void note(MemorySegment memory) {
    if (!memory.isNative()) {
      return;
    }
    Extents own = scopes.computeIfAbsent(memory.scope(), scope -> new Extents());
    if (own.add(memory.address(), memory.address() + memory.byteSize())) {
      most = Math.max(most, bytes());
    }
    if (scopes.size() > look) {
      alive();
      look = scopes.size() + SCOPES_BEFORE_A_LOOK;
    }
  }

  /// How many of them are alive; the global one is no leak.
  int alive() {
    scopes.keySet().removeIf(scope -> !scope.isAlive() || scope.equals(GLOBAL));
    return scopes.size();
  }

  /// Bytes of them that are alive and that the kernel was given.
  long bytes() {
    alive();
    long sum = 0;
    for (Extents own : scopes.values()) {
      sum += own.bytes;
    }
    return sum;
  }

  /// The most that there were at one time.
  long most() {
    return most;
  }
}
