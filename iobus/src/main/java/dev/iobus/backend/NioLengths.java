package dev.iobus.backend;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// Changes of a file's length, which `FileChannel` knows to do only by writing and by cutting off.
/// They keep out the writes of this process through the same open file. Stateless.
final class NioLengths {

  private static final int CHUNK_BYTES = 64 << 10;

  private NioLengths() {}

  /// As ftruncate(2), which also lengthens; `FileChannel.truncate` only shortens, so that the last
  /// new byte has to be written.
  static int truncate(NioFile file, long length) throws IOException {
    FileChannel channel = file.channel();
    long stamp = file.length().writeLock();
    try {
      long size = channel.size();
      if (length > size) {
        writeZeros(file, size, length - 1, length);
      }
      channel.truncate(length);
      return 0;
    } finally {
      file.length().unlockWrite(stamp);
    }
  }

  /// As posix_fallocate(3) does where the kernel has no fallocate(2), but only for what lies behind
  /// the end: zeros are written there. Holes before the end cannot be seen from here, and to write
  /// their bytes back would undo the writes of others. After a failure the length is as before.
  static int allocate(NioFile file, long offset, long length) throws IOException {
    FileChannel channel = file.channel();
    long end = offset + length;
    long stamp = file.length().writeLock();
    try {
      long size = channel.size();
      if (end <= size) {
        return 0;
      }
      try {
        writeZeros(file, size, Math.max(size, offset), end);
        channel.truncate(end);
      } catch (IOException e) {
        channel.truncate(size);
        throw e;
      }
      return 0;
    } finally {
      file.length().unlockWrite(stamp);
    }
  }

  /// Writes zeros from `from` to `to`, both behind the end at `size`. Through a direct file whole
  /// blocks are written, the first with the bytes that it holds already; the last may reach beyond
  /// `to`.
  private static void writeZeros(NioFile file, long size, long from, long to) throws IOException {
    int block = file.isDirect() ? Math.max(1, file.blockSize()) : 1;
    long start = from / block * block;
    long end = (to + block - 1) / block * block;
    int chunk = (int) Math.min(CHUNK_BYTES, end - start) / block * block;
    chunk = Math.max(chunk, block);
    ByteBuffer zeros = ByteBuffer.allocateDirect(chunk + block).alignedSlice(block).limit(chunk);
    if (start < size) {
      file.channel().read(zeros.limit(block), start);
      writeAll(file.channel(), zeros.position(0).limit(block), start);
      zeros.clear();
      while (zeros.hasRemaining()) {
        zeros.put((byte) 0);
      }
      start += block;
    }
    while (start < end) {
      zeros.clear().limit((int) Math.min(chunk, end - start));
      start += writeAll(file.channel(), zeros, start);
    }
  }

  private static int writeAll(FileChannel channel, ByteBuffer bytes, long start)
      throws IOException {
    int total = 0;
    while (bytes.hasRemaining()) {
      int count = channel.write(bytes, start + total);
      if (count <= 0) {
        throw new IOException("a write of " + bytes.remaining() + " bytes made no progress");
      }
      total += count;
    }
    return total;
  }
}
