package dev.iobus.kv.version;

import static dev.iobus.kv.version.ManifestFormat.FIELD_HEADER_BYTES;

import dev.iobus.storage.file.Encoding;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Writes (tag, length, bytes) fields one after the other. Confined to one thread.
final class FieldWriter {

  private byte[] bytes = new byte[512];
  private int length;

  void putLong(int tag, long value) {
    int at = open(tag, Long.BYTES);
    Encoding.putLong(MemorySegment.ofArray(bytes), at, value);
  }

  void putBytes(int tag, MemorySegment value) {
    int size = Math.toIntExact(value.byteSize());
    int at = open(tag, size);
    MemorySegment.copy(value, ValueLayout.JAVA_BYTE, 0, bytes, at, size);
  }

  /// A field whose bytes are fields themselves.
  void putFields(int tag, FieldWriter fields) {
    int at = open(tag, fields.length);
    System.arraycopy(fields.bytes, 0, bytes, at, fields.length);
  }

  int length() {
    return length;
  }

  /// The fields so far; valid until the next change.
  MemorySegment segment() {
    return MemorySegment.ofArray(bytes).asSlice(0, length);
  }

  private int open(int tag, int size) {
    int at = length + FIELD_HEADER_BYTES;
    int end = Math.addExact(at, size);
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end, bytes.length * 2));
    }
    bytes[length] = (byte) tag;
    Encoding.putInt(MemorySegment.ofArray(bytes), length + 1L, size);
    length = end;
    return at;
  }
}
