package dev.iobus.kv.memtable;

import dev.iobus.kv.entry.EntryCursor;
import dev.iobus.kv.entry.InternalKey;
import dev.iobus.kv.entry.Lookup;
import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;

/// A memtable whose entries lie in a skip list of off-heap nodes. Thread-safe: reads take no lock,
/// inserts link nodes by compare-and-set.
///
/// A node, `at` = its reference × 8:
///
/// ```
///   at − 4·height …      at − 4   at     at + 8    at + 12  at + 14  at + 16
///   | next at the top | … | next | tag  | value    | key    | height | key … | value … | to 8 |
///   | int             |   | 0    | long | length   | length |        |
/// ```
///
/// The lowest link, the tag and the begin of the key lie side by side, so most steps of a search
/// touch one cache line. Keys are compared by their first eight bytes as one number, and in whole
/// only when those are equal.
///
/// Invariants:
/// 1. A node is written before it is linked; the compare-and-set that links it releases these
///    writes and readers follow links with acquire.
/// 2. Level i is a sorted sublist of level i − 1: a node is linked from the lowest level up.
/// 3. Reference 0 is no node: the head's links lie before the first one.
final class SkipList implements Memtable {

  /// Four to the power of this many entries keep searches logarithmic.
  private static final int HEIGHT_MAX = 12;

  private static final int TAG_OFFSET = 0;
  private static final int VALUE_LENGTH_OFFSET = 8;
  private static final int KEY_LENGTH_OFFSET = 12;
  private static final int HEIGHT_OFFSET = 14;
  private static final int KEY_OFFSET = 16;

  private static final int UNIT = NodeArena.UNIT_BYTES;
  private static final int HEAD_BYTES = HEIGHT_MAX * Integer.BYTES;
  private static final int NO_NODE = 0;

  /// Where the head's links end: it is addressed like a node but has no fields.
  private static final int HEAD = HEAD_BYTES / UNIT;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
  private static final ValueLayout.OfLong BIG_LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
  private static final VarHandle LINK = INT.varHandle();

  static {
    assert HEAD_BYTES % UNIT == 0;
    assert KEY_OFFSET % UNIT == 0;
  }

  private final NodeArena arena;
  private final MemorySegment memory;
  private final AtomicLong count = new AtomicLong();

  SkipList(NodeArena arena) {
    this.arena = arena;
    this.memory = arena.memory();
    if (!arena.tryReserve(HEAD_BYTES)) {
      throw new AssertionError("a page holds the head");
    }
    long begin = arena.allocate(HEAD_BYTES, HEAD_BYTES);
    assert begin == 0;
  }

  static long nodeBytesMax(int keyLength, int valueLength) {
    return nodeBytes(HEIGHT_MAX, keyLength, valueLength);
  }

  @Override
  public boolean tryReserve(long bytes) {
    return arena.tryReserve(bytes);
  }

  @Override
  public void unreserve(long bytes) {
    arena.unreserve(bytes);
  }

  @Override
  public void add(MemorySegment key, long tag, MemorySegment value) {
    int node = write(tag, key, 0, (int) key.byteSize(), value, 0, (int) value.byteSize());
    link(node, key, 0, tag);
  }

  @Override
  public void add(
      MemorySegment bytes,
      long keyOffset,
      int keyLength,
      long tag,
      long valueOffset,
      int valueLength) {
    int node = write(tag, bytes, keyOffset, keyLength, bytes, valueOffset, valueLength);
    link(node, bytes, keyOffset, tag);
  }

  @Override
  public Lookup get(MemorySegment key, long sequence) throws FormatVersionException {
    int node = firstAtOrAfter(key, InternalKey.seekTag(sequence));
    if (node == NO_NODE
        || keyLength(node) != key.byteSize()
        || compareToKey(node, key, 0, (int) key.byteSize()) != 0) {
      return Lookup.Absent.ABSENT;
    }
    return Lookup.of(tag(node), value(node), "memtable");
  }

  @Override
  public EntryCursor cursor() {
    if (!arena.acquire()) {
      throw new IllegalStateException("the memtable is closed");
    }
    return new SkipListCursor(this);
  }

  @Override
  public long bytes() {
    return arena.allocated();
  }

  @Override
  public long reservedBytes() {
    return arena.reserved();
  }

  @Override
  public long capacity() {
    return arena.capacity();
  }

  @Override
  public long entries() {
    return count.get();
  }

  @Override
  public void seal() {
    arena.seal();
  }

  @Override
  public boolean isSealed() {
    return arena.isSealed();
  }

  @Override
  public boolean acquire() {
    return arena.acquire();
  }

  @Override
  public void release() {
    arena.release();
  }

  @Override
  public void close() {
    arena.close();
  }

  /// The first node at or after (`key`, `tag`), or 0.
  ///
  /// The answer is the node that ended the walk, not the link after the last node before: a smaller
  /// entry may have been linked there meanwhile.
  int firstAtOrAfter(MemorySegment key, long tag) {
    int length = (int) key.byteSize();
    long prefix = InternalKey.prefix(key, 0, length);
    int next = next(lastBefore(1, prefix, key, 0, length, tag), 0);
    while (next != NO_NODE && isBefore(next, prefix, key, 0, length, tag)) {
      next = next(next, 0);
    }
    return next;
  }

  /// The last node before (`key`, `tag`), or the head.
  int lastBefore(MemorySegment key, long tag) {
    int length = (int) key.byteSize();
    return lastBefore(0, InternalKey.prefix(key, 0, length), key, 0, length, tag);
  }

  /// The last node of all, or the head.
  int last() {
    int at = HEAD;
    for (int level = HEIGHT_MAX - 1; level >= 0; level--) {
      for (int next = next(at, level); next != NO_NODE; next = next(at, level)) {
        at = next;
      }
    }
    return at;
  }

  int first() {
    return next(HEAD, 0);
  }

  int following(int node) {
    return next(node, 0);
  }

  static boolean isNode(int node) {
    return node != NO_NODE && node != HEAD;
  }

  MemorySegment key(int node) {
    return memory.asSlice(address(node) + KEY_OFFSET, keyLength(node)).asReadOnly();
  }

  long tag(int node) {
    return memory.get(LONG, address(node) + TAG_OFFSET);
  }

  MemorySegment value(int node) {
    long at = address(node);
    long length = Integer.toUnsignedLong(memory.get(INT, at + VALUE_LENGTH_OFFSET));
    return memory.asSlice(at + KEY_OFFSET + keyLength(node), length).asReadOnly();
  }

  /// Writes a node that nobody can reach yet.
  private int write(
      long tag,
      MemorySegment keyBytes,
      long keyOffset,
      int keyLength,
      MemorySegment valueBytes,
      long valueOffset,
      int valueLength) {
    if (keyLength > 0xffff) {
      throw new IllegalArgumentException("a key of " + keyLength + " bytes, at most 65535");
    }
    int height = heightFor(tag);
    long bound = nodeBytesMax(keyLength, valueLength);
    long begin = arena.allocate(nodeBytes(height, keyLength, valueLength), bound);
    long at = begin + linksBytes(height);
    memory.set(LONG, at + TAG_OFFSET, tag);
    memory.set(INT, at + VALUE_LENGTH_OFFSET, valueLength);
    memory.set(SHORT, at + KEY_LENGTH_OFFSET, (short) keyLength);
    memory.set(ValueLayout.JAVA_BYTE, at + HEIGHT_OFFSET, (byte) height);
    MemorySegment.copy(keyBytes, keyOffset, memory, at + KEY_OFFSET, keyLength);
    MemorySegment.copy(valueBytes, valueOffset, memory, at + KEY_OFFSET + keyLength, valueLength);
    return (int) (at / UNIT);
  }

  /// Links a node into all its levels, from the lowest up (invariant 2).
  private void link(int node, MemorySegment key, long keyOffset, long tag) {
    int length = keyLength(node);
    long prefix = InternalKey.prefix(key, keyOffset, length);
    int height = memory.get(ValueLayout.JAVA_BYTE, address(node) + HEIGHT_OFFSET);
    // One search a level, of which a node has 4/3 on average: cheaper than keeping the path of the
    // first. A lost race goes on from where it was, because nodes never vanish.
    for (int level = 0; level < height; level++) {
      int before = lastBefore(level, prefix, key, keyOffset, length, tag);
      while (true) {
        int next = next(before, level);
        while (next != NO_NODE && isBefore(next, prefix, key, keyOffset, length, tag)) {
          before = next;
          next = next(before, level);
        }
        // Plain: published by the compare-and-set below, or by the next try of it.
        memory.set(INT, linkAddress(node, level), next);
        if (LINK.compareAndSet(memory, linkAddress(before, level), next, node)) {
          break;
        }
      }
    }
    count.incrementAndGet();
  }

  /// The last node before (`key`, `tag`) on the level `lowest`, or the head.
  private int lastBefore(
      int lowest, long prefix, MemorySegment key, long keyOffset, int length, long tag) {
    int at = HEAD;
    int after = NO_NODE;
    for (int level = HEIGHT_MAX - 1; level >= lowest; level--) {
      int next = next(at, level);
      // What stopped the level above stops this one too, without a comparison.
      while (next != NO_NODE
          && next != after
          && isBefore(next, prefix, key, keyOffset, length, tag)) {
        at = next;
        next = next(at, level);
      }
      after = next;
    }
    return at;
  }

  /// Whether the node's entry comes before (`key`, `tag`).
  private boolean isBefore(
      int node, long prefix, MemorySegment key, long keyOffset, int length, long tag) {
    long at = address(node);
    int nodeLength = memory.get(SHORT, at + KEY_LENGTH_OFFSET) & 0xffff;
    long nodePrefix = memory.get(BIG_LONG, at + KEY_OFFSET);
    if (nodeLength < Long.BYTES) {
      // What follows the key in the word is no part of it.
      nodePrefix = nodeLength == 0 ? 0 : nodePrefix & -1L << (64 - 8 * nodeLength);
    }
    if (nodePrefix != prefix) {
      return Long.compareUnsigned(nodePrefix, prefix) < 0;
    }
    int order = compareToKey(node, key, keyOffset, length);
    return order != 0 ? order < 0 : Long.compareUnsigned(tag(node), tag) > 0;
  }

  private int compareToKey(int node, MemorySegment key, long keyOffset, int length) {
    return InternalKey.compareKeys(
        memory, address(node) + KEY_OFFSET, keyLength(node), key, keyOffset, length);
  }

  private int keyLength(int node) {
    return memory.get(SHORT, address(node) + KEY_LENGTH_OFFSET) & 0xffff;
  }

  private int next(int node, int level) {
    return (int) LINK.getAcquire(memory, linkAddress(node, level));
  }

  private static long address(int node) {
    return Integer.toUnsignedLong(node) * UNIT;
  }

  private static long linkAddress(int node, int level) {
    return address(node) - (long) Integer.BYTES * (level + 1);
  }

  private static long linksBytes(int height) {
    return ((long) height * Integer.BYTES + UNIT - 1) / UNIT * UNIT;
  }

  private static long nodeBytes(int height, int keyLength, int valueLength) {
    long bytes = (long) KEY_OFFSET + keyLength + valueLength;
    return linksBytes(height) + (bytes + UNIT - 1) / UNIT * UNIT;
  }

  /// 1, and one more with a chance of a quarter each. Sequences differ, so a mix of them
  /// (SplitMix64's, Steele et al., OOPSLA 2014) is as good as a random number, and needs no state.
  private static int heightFor(long tag) {
    long z = tag + 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return 1 + Math.min(HEIGHT_MAX - 1, Long.numberOfTrailingZeros(z) / 2);
  }

  /// Walks the list under a hold of its own. Backward steps are searches: nodes have no links
  /// back.
  private static final class SkipListCursor implements EntryCursor {

    private final SkipList list;
    private int node = NO_NODE;
    private boolean closed;

    SkipListCursor(SkipList list) {
      this.list = list;
    }

    @Override
    public boolean isValid() {
      return isNode(node);
    }

    @Override
    public void seekToFirst() {
      checkOpen();
      node = list.first();
    }

    @Override
    public void seekToLast() {
      checkOpen();
      node = list.last();
    }

    @Override
    public void seek(MemorySegment key, long tag) {
      checkOpen();
      node = list.firstAtOrAfter(key, tag);
    }

    @Override
    public void seekBefore(MemorySegment key, long tag) {
      checkOpen();
      node = list.lastBefore(key, tag);
    }

    @Override
    public void next() {
      node = list.following(current());
    }

    @Override
    public void previous() {
      int at = current();
      node = list.lastBefore(list.key(at), list.tag(at));
    }

    @Override
    public MemorySegment key() {
      return list.key(current());
    }

    @Override
    public long tag() {
      return list.tag(current());
    }

    @Override
    public MemorySegment value() {
      return list.value(current());
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        node = NO_NODE;
        list.arena.release();
      }
    }

    private int current() {
      checkOpen();
      if (!isNode(node)) {
        throw new IllegalStateException("the cursor is not at an entry");
      }
      return node;
    }

    private void checkOpen() {
      if (closed) {
        throw new IllegalStateException("the cursor is closed");
      }
    }
  }
}
