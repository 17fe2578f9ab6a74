package dev.iobus.kv.version;

import static dev.iobus.kv.version.ManifestFormat.FIELD_HEADER_BYTES;
import static dev.iobus.kv.version.ManifestFormat.FIRST_REQUIRED_TAG;

import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.file.FormatVersionException;
import java.lang.foreign.MemorySegment;

/// Reads (tag, length, bytes) fields; no length is believed before it was checked. Confined to one
/// thread.
final class FieldReader {

  private final String file;
  private final long fileOffset;
  private final MemorySegment source;

  private long next;
  private int tag;
  private MemorySegment value;

  /// @param fileOffset where the record begins that `source` is a part of; for messages
  FieldReader(String file, long fileOffset, MemorySegment source) {
    this.file = file;
    this.fileOffset = fileOffset;
    this.source = source;
    this.value = source.asSlice(0, 0);
  }

  /// Moves to the next field; false after the last.
  boolean next() throws CorruptionException {
    if (next == source.byteSize()) {
      return false;
    }
    if (source.byteSize() - next < FIELD_HEADER_BYTES) {
      throw corruption("a field header is cut off");
    }
    tag = Encoding.getByte(source, next);
    long length = Integer.toUnsignedLong(Encoding.getInt(source, next + 1));
    long start = next + FIELD_HEADER_BYTES;
    if (length > source.byteSize() - start) {
      throw corruption(
          "field " + tag + " claims " + length + " bytes, " + (source.byteSize() - start) + " left");
    }
    value = source.asSlice(start, length);
    next = start + length;
    return true;
  }

  int tag() {
    return tag;
  }

  long asLong() throws CorruptionException {
    if (value.byteSize() != Long.BYTES) {
      throw corruption("field " + tag + " has " + value.byteSize() + " bytes, expected 8");
    }
    return Encoding.getLong(value, 0);
  }

  /// The number of a field that must lie in a range.
  int asInt(int min, int max) throws CorruptionException {
    return (int) asLong(min, max);
  }

  /// The number of a field that must lie in a range.
  long asLong(long min, long max) throws CorruptionException {
    long number = asLong();
    if (number < min || number > max) {
      throw corruption("field " + tag + " is " + number + ", expected " + min + " to " + max);
    }
    return number;
  }

  /// The bytes of the field; valid while the source is.
  MemorySegment asBytes() {
    return value;
  }

  FieldReader asFields() {
    return new FieldReader(file, fileOffset, value);
  }

  /// Passes over a field that this version does not know, or refuses it when it must be understood.
  void unknown() throws FormatVersionException {
    if (tag >= FIRST_REQUIRED_TAG) {
      throw new FormatVersionException(
          file, "field " + tag + " must be understood and is not; use a newer version");
    }
  }

  CorruptionException corruption(String detail) {
    return new CorruptionException(file, fileOffset, detail);
  }

  FormatVersionException refusal(String detail) {
    return new FormatVersionException(file, detail);
  }
}
