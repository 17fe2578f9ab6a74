package dev.iobus.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;

/// The arenas whose memory the kernel was given, so that a test can ask whether they were freed.
///
/// Confined to the holder of the baton.
final class SimMemory {

  private static final int SCOPES_BEFORE_A_LOOK = 64;

  private static final MemorySegment.Scope GLOBAL = Arena.global().scope();

  /// Only counted, so that their identity decides nothing.
  private final Set<MemorySegment.Scope> scopes = new HashSet<>();

  private int look = SCOPES_BEFORE_A_LOOK;

  void note(MemorySegment memory) {
    if (memory.isNative() && scopes.add(memory.scope()) && scopes.size() > look) {
      alive();
      look = scopes.size() + SCOPES_BEFORE_A_LOOK;
    }
  }

  /// How many of them are alive; the global one is no leak.
  int alive() {
    scopes.removeIf(scope -> !scope.isAlive() || scope.equals(GLOBAL));
    return scopes.size();
  }
}
