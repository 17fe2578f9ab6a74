package dev.iobus.storage.wal;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// One use of a slot. Its place in the log is guarded by the log's lock; its file belongs to
/// whoever prepares it, then to the leader of the log.
final class WalSegment {

  private final String name;
  private final long fileId;
  private final long segmentId;
  private final long capacity;
  private final int blockSize;

  // The place in the log; guarded by the log's lock.
  private long firstLsn;
  private long endLsn;

  /// Open while the segment is prepared or written, and until it is synced; owned by the leader.
  private @Nullable LogFile file;

  /// Whether nobody needs the segment's bytes any more.
  private volatile boolean released;

  private WalSegment(
      String name,
      long fileId,
      long segmentId,
      long capacity,
      int blockSize,
      @Nullable LogFile file) {
    this.name = name;
    this.fileId = fileId;
    this.segmentId = segmentId;
    this.capacity = capacity;
    this.blockSize = blockSize;
    this.file = file;
  }

  /// A segment that is ready to be written, and has no place in the log yet.
  static WalSegment prepared(
      String name, long fileId, long segmentId, long capacity, int blockSize, LogFile file) {
    return new WalSegment(name, fileId, segmentId, capacity, blockSize, file);
  }

  /// A segment that recovery has read: never written again in this use.
  static WalSegment recovered(WalSlot slot, long endLsn) {
    SegmentHeader header = slot.header();
    if (header == null) {
      throw new AssertionError("slot " + slot.name() + " has no header");
    }
    WalSegment segment =
        new WalSegment(
            slot.name(),
            header.fileId(),
            header.segmentId(),
            header.capacity(),
            header.blockSize(),
            null);
    segment.begin(header.firstLsn());
    segment.end(endLsn);
    return segment;
  }

  /// Gives the segment its place.
  void begin(long lsn) {
    firstLsn = lsn;
    endLsn = Long.MAX_VALUE;
  }

  /// Says where the last frame of the segment ended; the next segment begins there.
  void end(long lsn) {
    endLsn = lsn;
  }

  String name() {
    return name;
  }

  long fileId() {
    return fileId;
  }

  long segmentId() {
    return segmentId;
  }

  /// Bytes of the file, header block included.
  long capacity() {
    return capacity;
  }

  /// Bytes of a block when it was written.
  int blockSize() {
    return blockSize;
  }

  long firstLsn() {
    return firstLsn;
  }

  /// The end of the last frame; [Long#MAX_VALUE] while the segment is written.
  long endLsn() {
    return endLsn;
  }

  /// Says that nobody needs the bytes any more, so that they need not become durable.
  void release() {
    released = true;
  }

  boolean isReleased() {
    return released;
  }

  LogFile file() {
    LogFile open = file;
    if (open == null) {
      throw new AssertionError("segment " + name + " is not open");
    }
    return open;
  }

  /// Puts another descriptor of the file in the place of the open one. Returns that.
  LogFile exchangeFile(LogFile other) {
    LogFile before = file();
    file = other;
    return before;
  }

  /// Closes the file, if it is open.
  void closeFile() throws IOException {
    LogFile open = file;
    file = null;
    if (open != null) {
      open.close();
    }
  }
}
