package dev.iobus.kv.memtable;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.storage.file.FormatVersionException;
import dev.iobus.storage.memory.MemoryBudget;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Recent entries, bounded in bytes, then sealed. Thread-safe.
///
/// The maker holds the memtable from the start and gives up its hold with [#close]. Every other
/// user takes a hold with [#acquire] and gives it up with [#release]; the memory is freed with the
/// last hold. Using a memtable without a hold is an [IllegalStateException], never a crash.
public interface Memtable extends AutoCloseable {

  /// Takes `capacityBytes` from `account` and makes an empty memtable of them.
  ///
  /// The memory is zeroed here, so making a large one takes milliseconds: do it ahead of need, and
  /// not under a lock.
  ///
  /// @param capacityBytes at least [#capacityFor] the largest batch, at most 16 GiB;
  ///     rounded up to a multiple of 4 KiB
  /// @return null when the account cannot get the bytes
  static @Nullable Memtable create(MemoryBudget.Account account, long capacityBytes) {
    NodeArena arena = NodeArena.create(account, capacityBytes);
    return arena == null ? null : new SkipList(arena);
  }

  /// The most bytes that an entry of these lengths takes.
  static long bytesFor(int keyLength, int valueLength) {
    return SkipList.nodeBytesMax(keyLength, valueLength);
  }

  /// The capacity of a memtable in which that many bytes can be reserved: its own head takes some.
  static long capacityFor(long bytes) {
    return bytes + NodeArena.PAGE_BYTES;
  }

  /// Sets bytes aside for entries that will be added, as the sum of their [#bytesFor]. False when
  /// so many are not left or the memtable is sealed; nothing is set aside then.
  boolean tryReserve(long bytes);

  /// Gives back bytes that were reserved for entries that will not be added.
  void unreserve(long bytes);

  /// Adds an entry for which [#bytesFor] bytes were reserved. Never waits, never fails.
  ///
  /// No two entries may have the same key and tag. The entry is visible to readers when this
  /// returns, if their sequence says so.
  ///
  /// @param bytes holds key and value, which are copied
  void add(
      MemorySegment bytes,
      long keyOffset,
      int keyLength,
      long tag,
      long valueOffset,
      int valueLength);

  /// Adds an entry whose key and value are segments of their own.
  void add(MemorySegment key, long tag, MemorySegment value);

  /// The newest version of `key` at or below `sequence`. A found value is a slice of the
  /// memtable's memory: it lives as long as the caller's hold.
  ///
  /// @throws FormatVersionException when that version is of a kind that cannot be served
  Lookup get(MemorySegment key, long sequence) throws FormatVersionException;

  /// A walk over the entries, which sees at least those added before each of its moves. Takes a
  /// hold, and gives it up when closed.
  EntryCursor cursor();

  /// Bytes that are taken by entries.
  long bytes();

  /// Bytes that are taken or reserved.
  long reservedBytes();

  /// Bytes that the memtable took from its account.
  long capacity();

  /// How many entries were added.
  long entries();

  /// Refuses reservations from now on; entries that have theirs can still be added. May be called
  /// twice.
  void seal();

  boolean isSealed();

  /// Takes a hold; false when the memory is already freed.
  boolean acquire();

  /// Gives up a hold that [#acquire] has taken.
  void release();

  /// Gives up the maker's hold; may be called twice.
  @Override
  void close();
}
