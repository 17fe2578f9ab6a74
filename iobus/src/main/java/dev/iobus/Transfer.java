package dev.iobus;

import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;

/// A transfer of a whole range in as many requests as it takes: pieces of at most 512 KiB, one
/// after the other, each resumed where it fell short, as [Progress] says.
///
/// Confined to the bus thread.
final class Transfer {

  static final int PIECE_BYTES = 512 << 10;

  /// EINTR and EAGAIN in a row before they are reported.
  private static final int RETRIES_MAX = 1000;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private long length;
  private boolean writes;
  private int grid = 1;

  private final Progress progress = new Progress();
  private int retries;

  /// Starts over with another range and puts its first piece into the request.
  ///
  /// @param grid of the file: see [Progress#gridOf]
  void begin(
      Request request,
      MemorySegment memory,
      long offset,
      boolean writes,
      int grid) {
    this.memory = memory;
    this.start = offset;
    this.length = memory.byteSize();
    this.writes = writes;
    this.grid = grid;
    progress.begin();
    retries = 0;
    fill(request);
  }

  long transferred() {
    return progress.furthest();
  }

  /// Takes the result of one request into account. Returns 1 if the next one stands in `request`,
  /// 0 when the transfer has ended, or a negated error number.
  int advance(Request request, int result, boolean cancelled) {
    if (result == -Errno.EINVAL && progress.isOffGrid()) {
      return 0;
    }
    if (result < 0) {
      boolean again = (result == -Errno.EINTR || result == -Errno.EAGAIN) && ++retries <= RETRIES_MAX;
      return again && !cancelled ? 1 : again ? -Errno.ECANCELED : result;
    }
    retries = 0;
    if (!progress.advance(result, length, writes, grid)) {
      return writes && progress.furthest() < length ? -Errno.EIO : 0;
    }
    if (cancelled) {
      return -Errno.ECANCELED;
    }
    fill(request);
    return 1;
  }

  void clear() {
    memory = MemorySegment.NULL;
  }

  private void fill(Request request) {
    long position = progress.start();
    request.buffer = position == 0 ? memory : memory.asSlice(position);
    request.offset = start + position;
    request.length = (int) Math.min(PIECE_BYTES, length - position);
  }
}
