package dev.iobus.kv.entry;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A sorted list of entries as a cursor: the plainest thing that can be right. Confined to one
/// thread.
public final class ModelCursor implements EntryCursor {

  /// An entry of the model.
  public record Entry(byte[] key, long tag, byte[] value) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      int order = java.util.Arrays.compareUnsigned(key, other.key);
      return order != 0 ? order : Long.compareUnsigned(other.tag, tag);
    }

    @Override
    public String toString() {
      return java.util.HexFormat.of().formatHex(key)
          + "@" + (tag >>> 8) + "/" + (tag & 0xff) + "=" + value.length;
    }
  }

  private final List<Entry> entries;
  private int at = -1;

  public ModelCursor(List<Entry> entries) {
    this.entries = new ArrayList<>(entries);
    this.entries.sort(null);
  }

  public Entry entry() {
    return entries.get(at);
  }

  @Override
  public boolean isValid() {
    return at >= 0 && at < entries.size();
  }

  @Override
  public void seekToFirst() {
    at = 0;
  }

  @Override
  public void seekToLast() {
    at = entries.size() - 1;
  }

  @Override
  public void seek(MemorySegment key, long tag) {
    at = lowerBound(key, tag);
  }

  @Override
  public void seekBefore(MemorySegment key, long tag) {
    at = lowerBound(key, tag) - 1;
  }

  @Override
  public void next() {
    at++;
  }

  @Override
  public void previous() {
    at--;
  }

  @Override
  public MemorySegment key() {
    return MemorySegment.ofArray(entry().key());
  }

  @Override
  public long tag() {
    return entry().tag();
  }

  @Override
  public MemorySegment value() {
    return MemorySegment.ofArray(entry().value());
  }

  @Override
  public void close() {
    at = -1;
  }

  private int lowerBound(MemorySegment key, long tag) {
    Entry probe = new Entry(key.toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), tag, new byte[0]);
    int i = 0;
    while (i < entries.size() && entries.get(i).compareTo(probe) < 0) {
      i++;
    }
    return i;
  }
}
