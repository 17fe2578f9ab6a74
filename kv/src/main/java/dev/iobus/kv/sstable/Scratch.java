package dev.iobus.kv.sstable;

import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.memory.MemoryBudget;
import dev.iobus.storage.memory.MemoryLimitException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/// Native memory that grows as needed and is paid for by an account before it is taken. Aligned
/// to pages, so that files can be read and written with it directly. Confined to one thread.
final class Scratch implements AutoCloseable {

  private final MemoryBudget.Account account;
  private final Supplier<Arena> arenas;
  private Arena arena;
  private MemorySegment memory = MemorySegment.NULL;
  private boolean closed;

  /// Memory that no transfer touches.
  Scratch(MemoryBudget.Account account) {
    this(account, Arena::ofShared);
  }

  /// Memory that a file is read to or written from.
  Scratch(MemoryBudget.Account account, DataFile file) {
    this(account, file::newArena);
  }

  private Scratch(MemoryBudget.Account account, Supplier<Arena> arenas) {
    this.account = account;
    this.arenas = arenas;
    this.arena = arenas.get();
  }

  /// What there is; content is kept when it grows.
  MemorySegment memory() {
    return memory;
  }

  /// At least `bytes` of memory.
  ///
  /// @throws MemoryLimitException when the account does not get them
  MemorySegment require(long bytes) throws MemoryLimitException {
    if (bytes > memory.byteSize() && !tryGrow(bytes)) {
      long exact = wholePages(bytes);
      account.reserve(exact);
      grow(exact);
    }
    return memory;
  }

  /// As [#require], for who needs nothing of what there is: old and new need not be there at the
  /// same time.
  MemorySegment requireAnew(long bytes) throws MemoryLimitException {
    if (bytes > memory.byteSize()) {
      clear();
    }
    return require(bytes);
  }

  /// Gives the memory back if there is more than `bytes`: it came with a large value, and the next
  /// may be far.
  void trim(long bytes) {
    if (memory.byteSize() > bytes) {
      clear();
    }
  }

  private void clear() {
    account.free(arena, memory.byteSize());
    arena = arenas.get();
    memory = MemorySegment.NULL;
  }

  /// Grows to at least `bytes`; false when the account does not get them.
  boolean tryGrow(long bytes) {
    long exact = wholePages(bytes);
    long size = Math.max(exact, 2 * memory.byteSize());
    if (!account.tryReserve(size)) {
      size = exact;
      if (!account.tryReserve(size)) {
        return false;
      }
    }
    grow(size);
    return true;
  }

  private static long wholePages(long bytes) {
    long page = BlockFormat.PAGE_BYTES;
    return (bytes + page - 1) / page * page;
  }

  /// Moves to as many bytes, which are reserved.
  private void grow(long size) {
    long old = memory.byteSize();
    Arena grown = arenas.get();
    MemorySegment target;
    try {
      target = grown.allocate(size, BlockFormat.PAGE_BYTES);
    } catch (OutOfMemoryError e) {
      account.release(size);
      throw e;
    }
    MemorySegment.copy(memory, 0, target, 0, old);
    account.free(arena, old);
    arena = grown;
    memory = target;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      account.free(arena, memory.byteSize());
      memory = MemorySegment.NULL;
    }
  }
}
