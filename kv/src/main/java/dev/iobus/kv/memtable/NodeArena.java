package dev.iobus.kv.memtable;

import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Bump allocation of skip-list nodes out of one block of native memory. Thread-safe.
///
/// Invariants:
/// 1. allocated ≤ reserved ≤ capacity at all times: a node is allocated out of a reservation that
///    is at least as large, and the surplus is given back only after.
/// 2. The memory is zero where no node lies.
/// 3. The memory is freed when the last hold is given up, and then only.
final class NodeArena {

  /// Nodes begin at multiples of this, so that an int can name a place in 16 GiB.
  static final int UNIT_BYTES = 8;

  static final long CAPACITY_MAX = (long) UNIT_BYTES << 31;

  static final int PAGE_BYTES = 4096;

  /// The sign bit of [#reserved].
  private static final long SEALED = Long.MIN_VALUE;

  private static final VarHandle RESERVED;
  private static final VarHandle ALLOCATED;
  private static final VarHandle HOLDS;
  private static final VarHandle CLOSED;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      RESERVED = lookup.findVarHandle(NodeArena.class, "reserved", long.class);
      ALLOCATED = lookup.findVarHandle(NodeArena.class, "allocated", long.class);
      HOLDS = lookup.findVarHandle(NodeArena.class, "holds", int.class);
      CLOSED = lookup.findVarHandle(NodeArena.class, "closed", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // Constant after construction.
  private final MemoryBudget.Account account;
  private final Arena arena;
  private final MemorySegment memory;
  private final long capacity;

  // Changed through the handles above alone.
  @SuppressWarnings("unused")
  private volatile long reserved;

  @SuppressWarnings("unused")
  private volatile long allocated;

  @SuppressWarnings("unused")
  private volatile int holds = 1;

  @SuppressWarnings("unused")
  private volatile boolean closed;

  private NodeArena(MemoryBudget.Account account, long capacity) {
    this.account = account;
    this.capacity = capacity;
    this.arena = Arena.ofShared();
    // Eight bytes more, so that a word can be read where the last key begins.
    this.memory = arena.allocate(capacity + Long.BYTES, 64);
  }

  static @Nullable NodeArena create(MemoryBudget.Account account, long capacityBytes) {
    if (capacityBytes < 1 || capacityBytes > CAPACITY_MAX) {
      throw new IllegalArgumentException(
          "capacity " + capacityBytes + " bytes, must be 1 to " + CAPACITY_MAX);
    }
    long pages = (capacityBytes + PAGE_BYTES - 1) / PAGE_BYTES;
    long granted = pages * PAGE_BYTES;
    if (!account.tryReserve(granted)) {
      return null;
    }
    boolean made = false;
    try {
      NodeArena nodes = new NodeArena(account, granted - Long.BYTES);
      made = true;
      return nodes;
    } finally {
      if (!made) {
        account.release(granted);
      }
    }
  }

  MemorySegment memory() {
    return memory;
  }

  /// Bytes taken from the account.
  long capacity() {
    return capacity + Long.BYTES;
  }

  long allocated() {
    return allocated;
  }

  long reserved() {
    return reserved & ~SEALED;
  }

  boolean tryReserve(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("a reservation of " + bytes + " bytes");
    }
    long before = reserved;
    while (before >= 0 && bytes <= capacity - before) {
      long witness = (long) RESERVED.compareAndExchange(this, before, before + bytes);
      if (witness == before) {
        return true;
      }
      before = witness;
    }
    return false;
  }

  void unreserve(long bytes) {
    long before = (long) RESERVED.getAndAdd(this, -bytes);
    assert bytes >= 0;
    assert (before & ~SEALED) >= bytes : "gave back more than was reserved";
  }

  void seal() {
    RESERVED.getAndBitwiseOr(this, SEALED);
  }

  boolean isSealed() {
    return reserved < 0;
  }

  /// Takes `bytes`, a multiple of [#UNIT_BYTES], out of a reservation of `bound` bytes and gives
  /// back the rest of that. Returns where they begin.
  long allocate(long bytes, long bound) {
    assert bytes % UNIT_BYTES == 0;
    assert bytes <= bound;
    long begin = (long) ALLOCATED.getAndAdd(this, bytes);
    if (begin + bytes > capacity) {
      throw new AssertionError("an entry was added without a reservation");
    }
    unreserve(bound - bytes);
    return begin;
  }

  boolean acquire() {
    int before = holds;
    while (before > 0) {
      int witness = (int) HOLDS.compareAndExchange(this, before, before + 1);
      if (witness == before) {
        return true;
      }
      before = witness;
    }
    return false;
  }

  void release() {
    int before = holds;
    while (before > 0) {
      int witness = (int) HOLDS.compareAndExchange(this, before, before - 1);
      if (witness == before) {
        if (before == 1) {
          arena.close();
          account.release(capacity());
        }
        return;
      }
      before = witness;
    }
    throw new IllegalStateException("the memtable was released more often than acquired");
  }

  /// Gives up the maker's hold, once.
  void close() {
    if (CLOSED.compareAndSet(this, false, true)) {
      release();
    }
  }
}
