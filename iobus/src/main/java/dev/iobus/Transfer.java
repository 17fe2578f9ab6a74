package dev.iobus;

import dev.iobus.backend.Request;
import dev.iobus.posix.Errno;
import java.lang.foreign.MemorySegment;

/// A transfer of a whole range in as many requests as it takes: pieces of at most 512 KiB, one
/// after the other, each resumed where it fell short.
///
/// On a direct file a resumed request must start on the alignment grid again, so the bytes behind
/// the last grid line are transferred a second time. Progress is therefore the furthest byte that
/// was reached, and a request that does not move it ends the transfer: it is the end of the file
/// for a read, and an error for a write.
///
/// Confined to the bus thread.
final class Transfer {

  static final int PIECE_BYTES = 512 << 10;

  /// Every alignment that Linux asks for direct transfers on devices with blocks up to 4 KiB
  /// divides it (`STATX_DIOALIGN`, statx(2)).
  static final int GRID_BYTES = 4096;

  /// EINTR and EAGAIN in a row before they are reported.
  private static final int RETRIES_MAX = 1000;

  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private long length;
  private boolean writes;
  private boolean direct;

  /// Bytes of the range before the request in flight.
  private long position;

  /// Bytes of the range that were reached by any request.
  private long furthest;

  private int retries;

  /// Starts over with another range and puts its first piece into the request.
  void begin(
      Request request,
      MemorySegment memory,
      long offset,
      boolean writes,
      boolean direct) {
    this.memory = memory;
    this.start = offset;
    this.length = memory.byteSize();
    this.writes = writes;
    this.direct = direct;
    position = 0;
    furthest = 0;
    retries = 0;
    fill(request);
  }

  long transferred() {
    return furthest;
  }

  /// Takes the result of one request into account. Returns 1 if the next one stands in `request`,
  /// 0 when the transfer has ended, or a negated error number.
  int advance(Request request, int result, boolean cancelled) {
    if (result < 0) {
      boolean again = (result == -Errno.EINTR || result == -Errno.EAGAIN) && ++retries <= RETRIES_MAX;
      return again && !cancelled ? 1 : again ? -Errno.ECANCELED : result;
    }
    retries = 0;
    long reached = position + result;
    if (reached >= length) {
      furthest = length;
      return 0;
    }
    boolean moved = reached > furthest;
    furthest = Math.max(furthest, reached);
    if (!moved) {
      return writes ? -Errno.EIO : 0;
    }
    if (cancelled) {
      return -Errno.ECANCELED;
    }
    position = direct ? reached / GRID_BYTES * GRID_BYTES : reached;
    fill(request);
    return 1;
  }

  void clear() {
    memory = MemorySegment.NULL;
  }

  private void fill(Request request) {
    request.buffer = position == 0 ? memory : memory.asSlice(position);
    request.offset = start + position;
    request.length = (int) Math.min(PIECE_BYTES, length - position);
  }
}
