package dev.iobus.kv.entry;

import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;

/// What one memtable or table knows of a key at a sequence. Immutable; the bytes of a found value
/// belong to whoever answered, who says how long they live.
public sealed interface Lookup {

  /// The newest visible version is a value.
  ///
  /// @param value its bytes
  /// @param tag the version's sequence and kind
  record Found(MemorySegment value, long tag) implements Lookup {}

  /// The newest visible version is a deletion: older places must not be asked.
  enum Deleted implements Lookup {
    DELETED
  }

  /// No visible version here: older places may have one.
  enum Absent implements Lookup {
    ABSENT
  }

  /// The answer that an entry stands for.
  ///
  /// @param source the file or memtable that holds the entry, for the message
  /// @throws FormatVersionException when this version cannot serve the entry's kind
  static Lookup of(long tag, MemorySegment value, String source) throws FormatVersionException {
    return isDeletion(tag, source) ? Deleted.DELETED : new Found(value, tag);
  }

  /// Whether an entry hides its key rather than giving it a value.
  ///
  /// @param source the file or memtable that holds the entry, for the message
  /// @throws FormatVersionException when this version cannot serve the entry's kind
  static boolean isDeletion(long tag, String source) throws FormatVersionException {
    int code = InternalKey.kindCode(tag);
    if (code == EntryKind.PUT.code()) {
      return false;
    }
    if (code == EntryKind.DELETE.code()) {
      return true;
    }
    EntryKind kind = EntryKind.of(code);
    throw new FormatVersionException(
        source,
        "an entry of kind " + code + (kind == null ? "" : " " + kind)
            + " cannot be served, this version serves 0 DELETE and 1 PUT; open it with the release"
            + " that wrote it, or a newer one");
  }
}
