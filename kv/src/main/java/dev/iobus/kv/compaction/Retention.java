package dev.iobus.kv.compaction;

import dev.iobus.kv.entry.EntryKind;
import dev.iobus.kv.entry.InternalKey;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Decides, entry by entry in the order of the store, which versions of a key somebody can still
/// see. Confined to one thread.
///
/// The boundaries are the sequences that somebody may read at, ascending; the last one is what is
/// published. They cut the sequences into stripes: all readers see the same version of a stripe, its
/// newest. So of each user key the first entry of a stripe is kept and the others are dropped. What
/// is above the last boundary is kept whole.
///
/// A deletion that ends up in the oldest stripe hides only what is older, and is dropped itself when
/// nothing older can be anywhere else.
public final class Retention {

  private static final int NONE = -1;

  private final long[] boundaries;

  private byte[] keyBytes = new byte[128];
  private MemorySegment key = MemorySegment.ofArray(keyBytes).asSlice(0, 0);

  /// The stripe of the last entry of [#key], kept or dropped; [#NONE] before the first key.
  private int lastStripe = NONE;

  /// @param boundaries ascending, each once, at least one
  public Retention(long[] boundaries) {
    if (boundaries.length == 0) {
      throw new IllegalArgumentException("at least the published sequence is a boundary");
    }
    this.boundaries = boundaries.clone();
  }

  /// Whether the entry starts another user key than the entry before.
  public boolean isNewKey(MemorySegment entryKey) {
    return lastStripe == NONE || key.mismatch(entryKey) >= 0;
  }

  /// Takes the next entry and says whether somebody can see it.
  ///
  /// @param isNewKey what [#isNewKey] said of it
  /// @param nothingOlder whether no older entry of the key can be outside of what is merged
  public boolean keeps(MemorySegment entryKey, long tag, boolean isNewKey, boolean nothingOlder) {
    int stripe = stripe(InternalKey.sequence(tag));
    boolean isFirstOfStripe = isNewKey || stripe != lastStripe || stripe == boundaries.length;
    if (isNewKey) {
      remember(entryKey);
    }
    lastStripe = stripe;
    if (!isFirstOfStripe) {
      return false;
    }
    boolean isDeletion = InternalKey.kindCode(tag) == EntryKind.DELETE.code();
    return !(isDeletion && stripe == 0 && nothingOlder);
  }

  /// The index of the first boundary at or above `sequence`; their count above all of them.
  private int stripe(long sequence) {
    int index = Arrays.binarySearch(boundaries, sequence);
    return index >= 0 ? index : -index - 1;
  }

  private void remember(MemorySegment entryKey) {
    int length = (int) entryKey.byteSize();
    if (length > keyBytes.length) {
      keyBytes = new byte[Math.max(length, 2 * keyBytes.length)];
    }
    MemorySegment all = MemorySegment.ofArray(keyBytes);
    MemorySegment.copy(entryKey, 0, all, 0, length);
    key = all.asSlice(0, length);
  }
}
