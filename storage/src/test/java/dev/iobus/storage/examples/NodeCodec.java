package dev.iobus.storage.examples;

import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.Encoding;
import dev.iobus.storage.page.BlockCodec;
import java.lang.foreign.MemorySegment;

/// How pages of a [BTree] lie in its file: `| checksum 4 | zero 4 | the page |`. The checksum
/// covers the place too, so that a page of another place does not verify.
///
/// @param path of the file, for messages
record NodeCodec(String path) implements BlockCodec {

  static final int HEADER_BYTES = 8;
  static final long FILE_ID = 0x7265_6577_6f6c_6621L;

  @Override
  public int verify(MemorySegment stored, long offset) throws CorruptionException {
    if (Encoding.getInt(stored, 0) != checksum(stored, offset)) {
      throw new CorruptionException(path, offset, "the checksum of a page does not match");
    }
    return (int) stored.byteSize() - HEADER_BYTES;
  }

  @Override
  public void decode(MemorySegment stored, long offset, MemorySegment frame) {
    frame.copyFrom(stored.asSlice(HEADER_BYTES));
  }

  @Override
  public void encode(MemorySegment frame, long offset, MemorySegment stored) {
    stored.asSlice(HEADER_BYTES).copyFrom(frame);
    Encoding.putInt(stored, 0, checksum(stored, offset));
  }

  private static int checksum(MemorySegment stored, long offset) {
    return Checksum.of(FILE_ID, offset, stored, 4, stored.byteSize() - 4);
  }
}
