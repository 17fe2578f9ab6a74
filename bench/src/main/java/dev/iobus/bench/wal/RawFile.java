package dev.iobus.bench.wal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file whose blocks all exist on the device, so that an overwrite changes no metadata: what a
/// log makes of its segments too. Immutable.
///
/// @param path where it lies
/// @param blockBytes what is written at a time
/// @param blocks how many it has
public record RawFile(Path path, int blockBytes, int blocks) {

  private static final int BLOCK_BYTES_MIN = 4_096;
  private static final int CHUNK_BYTES = 1 << 20;

  /// Writes a file of zeros and syncs it. Its block is the larger of 4 KiB and the file system's.
  ///
  /// @param bytes of the file, at least one block
  public static RawFile create(Path path, long bytes) throws IOException {
    Path directory = path.toAbsolutePath().getParent();
    long stated = directory == null ? 0 : Files.getFileStore(directory).getBlockSize();
    int blockBytes = Math.clamp(stated, BLOCK_BYTES_MIN, CHUNK_BYTES);
    int blocks = Math.toIntExact(Math.max(1, bytes / blockBytes));
    ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK_BYTES / blockBytes * blockBytes);
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long left = (long) blocks * blockBytes;
      while (left > 0) {
        zeros.position(0).limit((int) Math.min(left, zeros.capacity()));
        left -= channel.write(zeros);
      }
      channel.force(true);
    }
    return new RawFile(path, blockBytes, blocks);
  }

  long bytes() {
    return (long) blocks * blockBytes;
  }
}
