package dev.iobus.kv.entry;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What one snapshot sees: each user key once, with its newest version at or below a sequence;
/// deleted keys not at all; nothing outside the bounds. Starts unpositioned. Owns the entries'
/// cursor and closes it. Confined to one thread.
///
/// Invariants while valid:
/// 1. `WITHIN`: the entries' cursor stands at the version shown.
/// 2. `BEFORE`: the entries' cursor stands before every version of the key shown (or is invalid
///    because there is no smaller key), and key and value are copies of our own.
///
/// Backward, versions of a key are met oldest first, so a version is known to be the newest
/// visible one only after it was passed. Small values are copied on the way; a large one is
/// sought again when it turns out to be the one to show.
public final class VisibleCursor implements AutoCloseable {

  private enum Position {
    NONE,
    WITHIN,
    BEFORE
  }

  /// Values above this are not copied on the way back, in bytes.
  private static final int COPY_MAX = 4096;

  /// Entries of one key stepped over before a seek is tried instead.
  private static final int STEPS_MAX = 8;

  private static final long TAG_FIRST = -1L;
  private static final long TAG_LAST = 0L;

  private final EntryCursor entries;
  private final long sequence;
  private final @Nullable MemorySegment lower;
  private final @Nullable MemorySegment upper;
  private final String source;
  private final Bytes savedKey = new Bytes();
  private final Bytes savedValue = new Bytes();

  private Position position = Position.NONE;

  /// @param entries all entries of the keyspace; closed with this cursor
  /// @param sequence versions above it are not seen
  /// @param lower the first key that may be shown; null: no bound. Kept, must not change
  /// @param upper the first key that may not be shown; null: no bound. Kept, must not change
  /// @param source names the store in messages
  public VisibleCursor(
      EntryCursor entries,
      long sequence,
      @Nullable MemorySegment lower,
      @Nullable MemorySegment upper,
      String source) {
    this.entries = entries;
    this.sequence = sequence;
    this.lower = lower;
    this.upper = upper;
    this.source = source;
  }

  /// Whether the cursor stands at a key.
  public boolean isValid() {
    return position != Position.NONE;
  }

  /// Moves to the smallest visible key within the bounds.
  public boolean seekToFirst() throws IOException {
    position = Position.NONE;
    if (lower == null) {
      entries.seekToFirst();
    } else {
      entries.seek(lower, TAG_FIRST);
    }
    return showForward(false);
  }

  /// Moves to the largest visible key within the bounds.
  public boolean seekToLast() throws IOException {
    position = Position.NONE;
    if (upper == null) {
      entries.seekToLast();
    } else {
      entries.seekBefore(upper, TAG_FIRST);
    }
    return showBackward();
  }

  /// Moves to the smallest visible key at or after `key` within the bounds.
  public boolean seek(MemorySegment key) throws IOException {
    if (lower != null && InternalKey.compareKeys(key, lower) < 0) {
      return seekToFirst();
    }
    position = Position.NONE;
    entries.seek(key, TAG_FIRST);
    return showForward(false);
  }

  /// Moves to the largest visible key at or before `key` within the bounds.
  public boolean seekForPrevious(MemorySegment key) throws IOException {
    if (upper != null && InternalKey.compareKeys(key, upper) >= 0) {
      return seekToLast();
    }
    position = Position.NONE;
    // The last entry at or before (key, 0): every version of the key is before that place, or on
    // it, so the place just after is sought and left backward.
    entries.seek(key, TAG_LAST);
    if (!entries.isValid()) {
      entries.seekToLast();
    } else if (entries.tag() != TAG_LAST || InternalKey.compareKeys(entries.key(), key) != 0) {
      entries.previous();
    }
    return showBackward();
  }

  /// Moves to the next visible key; needs a valid position. Returns whether there is one.
  public boolean next() throws IOException {
    Position from = position;
    position = Position.NONE;
    switch (from) {
      case NONE -> throw new IllegalStateException("the cursor is not at a key");
      case WITHIN -> {
        savedKey.set(entries.key());
        entries.next();
      }
      case BEFORE -> entries.seek(savedKey.segment(), TAG_LAST);
    }
    return showForward(true);
  }

  /// Moves to the previous visible key; needs a valid position. Returns whether there is one.
  public boolean previous() throws IOException {
    Position from = position;
    position = Position.NONE;
    switch (from) {
      case NONE -> throw new IllegalStateException("the cursor is not at a key");
      case WITHIN -> {
        savedKey.set(entries.key());
        entries.seekBefore(savedKey.segment(), TAG_FIRST);
      }
      case BEFORE -> {
        // Invariant 2: already there.
      }
    }
    return showBackward();
  }

  /// The key; a slice that is valid until the cursor moves or is closed.
  public MemorySegment key() {
    return switch (position) {
      case NONE -> throw new IllegalStateException("the cursor is not at a key");
      case WITHIN -> entries.key();
      case BEFORE -> savedKey.segment();
    };
  }

  /// The value; a slice that is valid until the cursor moves or is closed.
  public MemorySegment value() {
    return switch (position) {
      case NONE -> throw new IllegalStateException("the cursor is not at a key");
      case WITHIN -> entries.value();
      case BEFORE -> savedValue.segment();
    };
  }

  @Override
  public void close() {
    position = Position.NONE;
    entries.close();
  }

  /// Shows the first visible key from the current entry on.
  ///
  /// @param hiding whether versions of [#savedKey] are to be passed over
  private boolean showForward(boolean hiding) throws IOException {
    boolean hides = hiding;
    int steps = 0;
    while (entries.isValid()) {
      MemorySegment key = entries.key();
      if (hides && InternalKey.compareKeys(key, savedKey.segment()) == 0) {
        steps = passVersion(steps, TAG_LAST);
        continue;
      }
      if (upper != null && InternalKey.compareKeys(key, upper) >= 0) {
        return false;
      }
      long tag = entries.tag();
      if (InternalKey.sequence(tag) > sequence) {
        if (steps == STEPS_MAX) {
          savedKey.set(key);
          hides = false;
          steps = passVersion(steps, InternalKey.seekTag(sequence));
        } else {
          entries.next();
          steps++;
        }
        continue;
      }
      if (!Lookup.isDeletion(tag, source)) {
        position = Position.WITHIN;
        return true;
      }
      savedKey.set(key);
      hides = true;
      steps = 0;
      entries.next();
    }
    return false;
  }

  /// Passes one version of [#savedKey], or after many of them all up to `tag` at once.
  private int passVersion(int steps, long tag) throws IOException {
    if (steps < STEPS_MAX) {
      entries.next();
      return steps + 1;
    }
    entries.seek(savedKey.segment(), tag);
    if (tag == TAG_LAST
        && entries.isValid()
        && entries.tag() == TAG_LAST
        && InternalKey.compareKeys(entries.key(), savedKey.segment()) == 0) {
      entries.next();
    }
    return 0;
  }

  /// Shows the last visible key from the current entry back.
  private boolean showBackward() throws IOException {
    while (entries.isValid()) {
      MemorySegment key = entries.key();
      if (lower != null && InternalKey.compareKeys(key, lower) < 0) {
        return false;
      }
      savedKey.set(key);
      if (showNewestBackward()) {
        return true;
      }
    }
    return false;
  }

  /// Passes all versions of [#savedKey] from the oldest on, and shows the newest visible one.
  private boolean showNewestBackward() throws IOException {
    boolean found = false;
    boolean copied = false;
    long foundTag = 0;
    do {
      long tag = entries.tag();
      if (InternalKey.sequence(tag) > sequence) {
        // All that follow are newer still.
        entries.seekBefore(savedKey.segment(), TAG_FIRST);
        break;
      }
      found = !Lookup.isDeletion(tag, source);
      foundTag = tag;
      if (found) {
        MemorySegment value = entries.value();
        copied = value.byteSize() <= COPY_MAX;
        if (copied) {
          savedValue.set(value);
        }
      }
      entries.previous();
    } while (entries.isValid()
        && InternalKey.compareKeys(entries.key(), savedKey.segment()) == 0);
    if (!found) {
      return false;
    }
    if (!copied) {
      entries.seek(savedKey.segment(), foundTag);
    }
    position = copied ? Position.BEFORE : Position.WITHIN;
    return true;
  }

  /// Bytes of our own that grow to the largest kept so far: at most 64 KiB for a key.
  private static final class Bytes {

    private byte[] bytes = new byte[64];
    private MemorySegment all = MemorySegment.ofArray(bytes);
    private MemorySegment segment = all.asSlice(0, 0);

    void set(MemorySegment from) {
      int length = (int) from.byteSize();
      if (length > bytes.length) {
        bytes = new byte[Math.max(length, 2 * bytes.length)];
        all = MemorySegment.ofArray(bytes);
      }
      MemorySegment.copy(from, 0, all, 0, length);
      segment = all.asSlice(0, length);
    }

    MemorySegment segment() {
      return segment;
    }
  }
}
