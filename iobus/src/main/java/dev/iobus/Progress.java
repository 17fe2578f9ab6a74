package dev.iobus;

/// How far a transfer has come, and where it goes on after a request that came back short.
///
/// On a direct file a request must start on the file's alignment grid, so one that ended inside of a cell
/// is followed by one that starts the cell anew: the bytes in between are transferred once more, and
/// the new request may end before the old one did. So progress is the furthest byte that was
/// reached, and a cell may take several rounds; [#ROUNDS_MAX] of them that do not cross it end the
/// transfer.
///
/// A read has also ended where the file does. A request that brings nothing says so. On a direct
/// file there may be none, for the next one starts before the end and brings the same bytes again:
/// an end that comes back is that of the file where it is on no sector, as devices move whole ones.
/// On a sector it may be chance, and the next request starts there, off the grid: it brings more, or
/// nothing, or is refused with EINVAL by a device of larger sectors, on which it is the file's end.
///
/// Confined to one thread at a time.
final class Progress {

  /// The grid of a direct file whose own one is not known: every alignment that Linux asks for direct
  /// transfers on devices with blocks up to 4 KiB divides it (`STATX_DIOALIGN`, statx(2)).
  static final int GRID_BYTES = 4096;

  /// The least that a device moves.
  private static final int SECTOR_BYTES = 512;

  /// Requests in a row for the same cell of the grid after which a transfer is given up.
  static final int ROUNDS_MAX = 16;

  /// The grid of a file: what offsets of requests must be a multiple of; 1 where it is not direct.
  static int gridOf(BusFile file) {
    return switch (file) {
      case OpenFile open -> open.grid();
      case OpenSocket socket -> 1;
      case RegisteredFile registered -> registered.grid();
    };
  }

  private long start;
  private long furthest;
  private int rounds;
  private boolean offGrid;

  /// Where the next request starts, in bytes of the transfer.
  long start() {
    return start;
  }

  /// Bytes that were transferred.
  long furthest() {
    return furthest;
  }

  void begin() {
    start = 0;
    furthest = 0;
    rounds = 0;
    offGrid = false;
  }

  /// Whether EINVAL says that the file ends at [#furthest()].
  boolean isOffGrid() {
    return offGrid;
  }

  /// Takes the result of one request into account that did not fail.
  ///
  /// @param length of the transfer
  /// @param grid of the file: see [#gridOf]
  /// @return whether a further request has to be made or to be tried; if not, the transfer is whole,
  ///     or the file ends, or a write comes no further: see [#furthest()]
  boolean advance(int result, long length, boolean writes, int grid) {
    long reached = start + result;
    boolean sameEnd = reached == furthest;
    furthest = Math.max(furthest, reached);
    if (furthest >= length || result == 0) {
      return false;
    }
    long next = reached / grid * grid;
    if (next > start) {
      start = next;
      rounds = 0;
      offGrid = false;
      return true;
    }
    if (!writes && sameEnd) {
      start = reached;
      rounds = 0;
      offGrid = reached % SECTOR_BYTES == 0;
      return offGrid;
    }
    return ++rounds < ROUNDS_MAX;
  }
}
