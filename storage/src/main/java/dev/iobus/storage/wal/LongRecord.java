package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.WalFormat.FRAME_HEADER_BYTES;

import dev.iobus.storage.memory.MemoryLimitException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A record that does not fit into a group. Its bytes wait in memory of its own; the leader cuts
/// them into groups of one frame each, all but the last as long as a group can be.
final class LongRecord {

  // Constant after construction.
  private final LogMemory memory;
  private final Arena arena;
  private final MemorySegment payload;
  private final int groupBytes;
  private final FillCount fills = new FillCount();

  // Guarded by the log's lock; set once, when the record is reserved.
  private long startLsn;

  private LongRecord(LogMemory memory, Arena arena, MemorySegment payload, int groupBytes) {
    this.memory = memory;
    this.arena = arena;
    this.payload = payload;
    this.groupBytes = groupBytes;
  }

  /// Reserves and allocates the memory.
  static LongRecord allocate(LogMemory memory, int length, int groupBytes)
      throws MemoryLimitException {
    memory.reserveRecord(length);
    try {
      Arena arena = Arena.ofShared();
      return new LongRecord(memory, arena, arena.allocate(length), groupBytes);
    } catch (Throwable t) {
      memory.releaseRecord(length);
      throw t;
    }
  }

  /// Gives the record its place; it has one place to fill.
  void begin(long lsn) {
    startLsn = lsn;
    fills.add();
  }

  long startLsn() {
    return startLsn;
  }

  long endLsn() {
    int last = pieces() - 1;
    return startLsn + (long) last * groupBytes + WalFormat.frameBytes(pieceLength(last));
  }

  MemorySegment payload() {
    return payload;
  }

  FillCount fills() {
    return fills;
  }

  int pieces() {
    return pieces((int) payload.byteSize(), groupBytes);
  }

  /// How many groups a record of that length takes.
  static int pieces(int payloadLength, int groupBytes) {
    int most = groupBytes - FRAME_HEADER_BYTES;
    return (payloadLength + most - 1) / most;
  }

  int pieceLength(int index) {
    int most = groupBytes - FRAME_HEADER_BYTES;
    return (int) Math.min(most, payload.byteSize() - (long) index * most);
  }

  /// Makes one piece a frame: the only one of its group.
  void writePiece(int index, Group group, long durableMark) {
    int last = pieces() - 1;
    FrameType type =
        index == 0 ? FrameType.FIRST : index == last ? FrameType.LAST : FrameType.MIDDLE;
    int length = pieceLength(index);
    long from = (long) index * (groupBytes - FRAME_HEADER_BYTES);
    MemorySegment.copy(payload, from, group.memory(), FRAME_HEADER_BYTES, length);
    WalFormat.seal(
        group.memory(),
        0,
        type,
        length,
        (int) payload.byteSize(),
        group.padding(),
        group.segment().segmentId(),
        group.startLsn(),
        durableMark);
  }

  /// Frees the memory. Nobody fills or writes the record any more.
  void free() {
    long length = payload.byteSize();
    arena.close();
    memory.releaseRecord(length);
  }
}
