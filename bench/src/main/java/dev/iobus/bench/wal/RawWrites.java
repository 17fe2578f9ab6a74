package dev.iobus.bench.wal;

import dev.iobus.bench.measure.Measurement;
import dev.iobus.bench.measure.Progress;
import dev.iobus.bench.measure.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// Overwrites the blocks of a [RawFile] one after the other, round and round, in one way. Confined
/// to one thread at a time.
public final class RawWrites implements AutoCloseable {

  private final RawFile file;
  private final RawMethod method;
  private final FileChannel channel;
  private final ByteBuffer block;
  private int next;

  /// @throws IOException when the file cannot be opened so
  /// @throws UnsupportedOperationException when the file system knows no direct writes
  public RawWrites(RawFile file, RawMethod method) throws IOException {
    this.file = file;
    this.method = method;
    this.channel = FileChannel.open(file.path(), method.openOptions());
    this.block =
        ByteBuffer.allocateDirect(2 * file.blockBytes())
            .alignedSlice(file.blockBytes())
            .slice(0, file.blockBytes());
  }

  /// Writes for `nanos`.
  public Measurement runFor(long nanos, Progress progress) throws Exception {
    Workers one = new Workers(Workers.Kind.PLATFORM, 1, progress);
    return one.runFor(method.subject(), nanos, (index, stopwatch) -> write());
  }

  /// Writes one block; returns its length.
  ///
  /// @throws IOException when the write is short or fails
  int write() throws IOException {
    block.putLong(0, next).rewind();
    int written = channel.write(block, (long) next * file.blockBytes());
    if (written != file.blockBytes()) {
      throw new IOException(
          file.path() + ": wrote " + written + " bytes, expected " + file.blockBytes());
    }
    if (method.syncs()) {
      channel.force(false);
    }
    next = (next + 1) % file.blocks();
    return written;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
