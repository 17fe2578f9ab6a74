package dev.iobus.storage.wal;

import dev.iobus.BusException;
import dev.iobus.storage.file.DataFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// How bytes of a file come into memory. Stateless.
@FunctionalInterface
interface FileReads {

  /// All of them, or a failure.
  FileReads ALL = DataFile::readFully;

  /// What a device gives for a block that it cannot read.
  String UNREADABLE = "EIO";

  /// Fills `into` from `offset` on. Returns the bytes read: less than asked only at the end of the
  /// file.
  ///
  /// @param into as long as whole blocks, aligned for direct transfers
  long read(DataFile file, MemorySegment into, long offset) throws IOException;

  /// Zeros, which are no frame, stand for each block that the device cannot read. Other failures stay
  /// failures: that a ring or a disk is gone says nothing about what the disk holds.
  ///
  /// @param blockSize of what is read by itself when a longer read has failed; in bytes
  static FileReads readable(int blockSize) {
    return (file, into, offset) -> {
      try {
        return file.readFully(into, offset);
      } catch (BusException e) {
        requireUnreadable(e);
      }
      long readable = Math.min(into.byteSize(), Math.max(0, file.size() - offset));
      for (long at = 0; at < readable; at += blockSize) {
        MemorySegment block = into.asSlice(at, Math.min(blockSize, into.byteSize() - at));
        try {
          file.readFully(block, offset + at);
        } catch (BusException e) {
          requireUnreadable(e);
          block.fill((byte) 0);
        }
      }
      return readable;
    };
  }

  private static void requireUnreadable(BusException failure) throws BusException {
    if (!failure.errnoName().equals(UNREADABLE)) {
      throw failure;
    }
  }
}
