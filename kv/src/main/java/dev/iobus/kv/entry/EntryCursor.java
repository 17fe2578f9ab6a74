package dev.iobus.kv.entry;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// An ordered walk over entries: user key ascending (unsigned bytes), then sequence descending,
/// then kind descending. What memtables, tables and merges of them offer. Confined to one thread.
///
/// [#tag()] packs sequence and kind as `sequence << 8 | kind`; between entries of one user key a
/// larger tag comes first (compared unsigned). Key and value are slices that stay valid until the
/// cursor moves or is closed.
public interface EntryCursor extends AutoCloseable {

  /// Whether the cursor stands at an entry.
  boolean isValid();

  /// Moves to the first entry.
  void seekToFirst() throws IOException;

  /// Moves to the last entry.
  void seekToLast() throws IOException;

  /// Moves to the first entry at or after (`key`, `tag`) in the order above.
  void seek(MemorySegment key, long tag) throws IOException;

  /// Moves to the last entry before (`key`, `tag`) in the order above.
  void seekBefore(MemorySegment key, long tag) throws IOException;

  /// Needs a valid position; ends invalid after the last entry.
  void next() throws IOException;

  /// Needs a valid position; ends invalid before the first entry.
  void previous() throws IOException;

  /// The user key of the current entry; needs a valid position.
  MemorySegment key();

  /// The tag of the current entry; needs a valid position.
  long tag();

  /// The value of the current entry; needs a valid position.
  MemorySegment value();

  /// Lets go of what the cursor holds; may be called twice. Any other call is then an
  /// [IllegalStateException].
  @Override
  void close();
}
