package dev.iobus.storage.file;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// CRC-32C seeded with a place, so that intact bytes in the wrong file or at the wrong offset do
/// not verify. The sixteen bytes (file id, offset), little-endian, are fed before the data.
/// Confined to one thread; reusable.
public final class Checksum {

  private final CRC32C crc = new CRC32C();
  private final ByteBuffer place = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);

  /// A checksum of nothing yet: [#begin] says of which place.
  public Checksum() {}

  /// Starts anew for bytes of the file `fileId` that begin at `offset`.
  public Checksum begin(long fileId, long offset) {
    crc.reset();
    place.putLong(0, fileId).putLong(8, offset);
    crc.update(place.array(), 0, 16);
    return this;
  }

  /// Adds `length` bytes of `segment` from `from`.
  public Checksum update(MemorySegment segment, long from, long length) {
    crc.update(segment.asSlice(from, length).asByteBuffer());
    return this;
  }

  /// The CRC-32C of all that was fed since [#begin].
  public int value() {
    return (int) crc.getValue();
  }

  /// The checksum of one run of bytes.
  public static int of(long fileId, long offset, MemorySegment segment, long from, long length) {
    return new Checksum().begin(fileId, offset).update(segment, from, length).value();
  }
}
