package dev.iobus.storage.wal;

import static dev.iobus.storage.wal.WalFormat.FRAME_HEADER_BYTES;
import static dev.iobus.storage.wal.WalFormat.INT;
import static dev.iobus.storage.wal.WalFormat.LONG;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FormatVersionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The valid frames of one use of one file. A frame is valid when its checksum holds, its lengths
/// fit, and it says of itself that it belongs to this use and to this place.
///
/// Reads through a window of memory that the caller lends; no length is believed before it was
/// checked against the file. Confined to one thread.
final class FrameReader {

  /// Bytes of a window: the longest frame from anywhere in a block, and the next blocks.
  static final int WINDOW_BYTES = WalFormat.MAX_GROUP_BYTES + (256 << 10);

  /// Bytes of the window that one file needs, whose length stays: of a short one, all of it.
  ///
  /// @param alignment what offsets and lengths of transfers must be a multiple of
  static int windowBytes(long fileBytes, int alignment) {
    long needed = Math.clamp(fileBytes, 1, WINDOW_BYTES);
    return (int) Math.min(WINDOW_BYTES, WalFormat.alignUp(needed, alignment));
  }

  private final DataFile file;
  private final FileReads reads;
  private final long fileBytes;
  private final long segmentId;
  private final long firstLsn;
  private final int blockSize;

  private final MemorySegment window;
  private final int alignment;
  private long windowOffset;
  private long windowBytes;

  // The current frame; meaningful after a method returned true.
  private @Nullable FrameType type;
  private long id;
  private long lsn;
  private long end;
  private int payloadLength;
  private int recordLength;
  private int padding;
  private long mark;
  private long payloadAt;

  /// @param header of the use of the file that is read
  /// @param fileBytes length of the file; nothing behind it is looked at
  /// @param window at least [#windowBytes], aligned for direct transfers, lent to this reader
  /// @param alignment what offsets and lengths of transfers must be a multiple of
  FrameReader(
      DataFile file, long fileBytes, SegmentHeader header, MemorySegment window, int alignment) {
    this(file, FileReads.ALL, fileBytes, header, window, alignment);
  }

  /// As above, with reads of a kind.
  FrameReader(
      DataFile file,
      FileReads reads,
      long fileBytes,
      SegmentHeader header,
      MemorySegment window,
      int alignment) {
    assert window.byteSize() >= windowBytes(fileBytes, alignment);
    this.file = file;
    this.reads = reads;
    this.fileBytes = fileBytes;
    this.segmentId = header.segmentId();
    this.firstLsn = header.firstLsn();
    this.blockSize = header.blockSize();
    this.window = window;
    this.alignment = alignment;
  }

  /// Where in the file the byte with that LSN lies.
  long offsetOf(long lsn) {
    return blockSize + (lsn - firstLsn);
  }

  /// Looks for the frame that follows the one that ended at LSN `previousEnd`: there, or behind
  /// zeros at the next block boundary, with as much padding as it says.
  ///
  /// @return whether there is one; it is then the current frame
  boolean next(long previousEnd) throws IOException {
    return find(previousEnd) && padding == lsn - previousEnd;
  }

  /// Looks for the first frame at or behind LSN `start`, which is the end of a frame or the begin
  /// of one, so that padding may have come before `start`.
  boolean first(long start) throws IOException {
    return find(start) && padding >= lsn - start;
  }

  private boolean find(long from) throws IOException {
    long offset = offsetOf(from);
    if (isFrame(offset, segmentId, from)) {
      return true;
    }
    long boundary = WalFormat.alignUp(offset, blockSize);
    long gap = boundary - offset;
    return gap > 0
        && load(offset, gap)
        && WalFormat.isZero(window, offset - windowOffset, gap)
        && isFrame(boundary, segmentId, from + gap);
  }

  /// Looks for the first frame of this use from LSN `from` on, wherever it begins: behind damage.
  boolean resume(long from) throws IOException {
    long offset = WalFormat.alignUp(offsetOf(from), WalFormat.FRAME_ALIGNMENT);
    while (offset <= fileBytes - FRAME_HEADER_BYTES) {
      if (isFrame(offset, segmentId, firstLsn + (offset - blockSize))) {
        return true;
      }
      offset += WalFormat.FRAME_ALIGNMENT;
    }
    return false;
  }

  /// Forgets what was read: the file has grown, or is another's now.
  void forget() {
    windowBytes = 0;
  }

  /// Looks at every block boundary behind the byte with LSN `from` for frames of this use, and at
  /// those that follow in their groups, as the tail rule asks.
  ///
  /// @return what was seen; its mark is 0 when there was no frame
  LaterFrames scan(long from) throws IOException {
    long count = 0;
    long largest = 0;
    long start = Math.max(blockSize, WalFormat.alignUp(offsetOf(from), blockSize));
    for (long at = start; at < fileBytes; at += blockSize) {
      if (isFrame(at, segmentId, firstLsn + (at - blockSize))) {
        count++;
        largest = Math.max(largest, markOfRun(at, segmentId, blockSize));
      }
    }
    return new LaterFrames(count, largest);
  }

  /// The largest mark of the current frame and those that follow it up to a block boundary. Later ones
  /// of a group may know more than the first: what was in flight before them may be durable by then.
  private long markOfRun(long offset, long ownId, int boundary) throws IOException {
    long largest = mark;
    long delta = lsn - offset;
    long at = end - delta;
    while (at % boundary != 0 && isFrame(at, ownId, at + delta)) {
      largest = Math.max(largest, mark);
      at = end - delta;
    }
    return largest;
  }

  /// As [#scan], for a file whose header is lost: looks at every block boundary and takes every
  /// frame as it describes itself. Frames of earlier uses do no harm: their marks are true too,
  /// and lie below what recovery has reached.
  ///
  /// @param from LSN of the first frame that counts
  static LaterFrames scanWithoutHeader(
      DataFile file, long fileBytes, long from, MemorySegment window, int alignment)
      throws IOException {
    FrameReader reader = withoutHeader(file, FileReads.ALL, fileBytes, window, alignment);
    long count = 0;
    long largest = 0;
    for (long at = 0; at < fileBytes; at += WalFormat.MIN_BLOCK_BYTES) {
      if (reader.describesItself(at)) {
        count += reader.lsn >= from ? 1 : 0;
        largest =
            Math.max(largest, reader.markOfRun(at, reader.id, WalFormat.MIN_BLOCK_BYTES));
      }
    }
    return new LaterFrames(count, largest);
  }

  /// The headers that a file must have had, as the frames tell that are there: one for each of its
  /// uses. The mark is the largest of the use; the epoch is not known, and 0.
  static Collection<SegmentHeader> usesOf(
      DataFile file, FileReads reads, long fileBytes, MemorySegment window, int blockSize)
      throws IOException {
    FrameReader reader = withoutHeader(file, reads, fileBytes, window, blockSize);
    Map<Long, SegmentHeader> uses = new HashMap<>();
    for (long at = blockSize; at < fileBytes; at += blockSize) {
      if (reader.describesItself(at)) {
        long first = reader.lsn - (at - blockSize);
        long ownId = reader.id;
        long largest = reader.markOfRun(at, ownId, blockSize);
        SegmentHeader told =
            new SegmentHeader(0, ownId, 0, first, largest, fileBytes, blockSize);
        uses.merge(
            ownId, told, (use, again) -> use.durableMark() > largest ? use : again);
      }
    }
    return uses.values();
  }

  private static FrameReader withoutHeader(
      DataFile file, FileReads reads, long fileBytes, MemorySegment window, int alignment) {
    SegmentHeader none =
        new SegmentHeader(0, 0, 0, 0, 0, fileBytes, WalFormat.MIN_BLOCK_BYTES);
    return new FrameReader(file, reads, fileBytes, none, window, alignment);
  }

  /// Whether a frame begins at `offset`, of whatever use it says; makes it the current one.
  private boolean describesItself(long offset) throws IOException {
    if (!load(offset, FRAME_HEADER_BYTES)) {
      return false;
    }
    long header = offset - windowOffset;
    long ownId = window.get(LONG, header + WalFormat.SEGMENT_ID);
    return isFrame(offset, ownId, window.get(LONG, header + WalFormat.LSN));
  }

  /// Whether a frame of that use and LSN begins at `offset`; makes it the current one.
  private boolean isFrame(long offset, long expectedId, long expectedLsn) throws IOException {
    if (!load(offset, FRAME_HEADER_BYTES)) {
      return false;
    }
    long at = offset - windowOffset;
    if (window.get(INT, at + WalFormat.MAGIC) != WalFormat.FRAME_MAGIC
        || window.get(LONG, at + WalFormat.SEGMENT_ID) != expectedId
        || window.get(LONG, at + WalFormat.LSN) != expectedLsn) {
      return false;
    }
    int length = window.get(INT, at + WalFormat.PAYLOAD_LENGTH);
    if (length < 0 || length > WalFormat.MAX_GROUP_BYTES - FRAME_HEADER_BYTES) {
      return false;
    }
    long bytes = WalFormat.frameBytes(length);
    if (!load(offset, bytes)) {
      return false;
    }
    at = offset - windowOffset;
    if (window.get(INT, at + WalFormat.CRC) != WalFormat.checksum(window, at, bytes)) {
      return false;
    }
    byte code = window.get(JAVA_BYTE, at + WalFormat.TYPE);
    FrameType found = FrameType.of(code);
    if (found == null) {
      // Whole and in its place: not damage, and nothing to take for a torn tail.
      throw new FormatVersionException(
          file.path(),
          ("frame type %d at offset %d, this library knows 1 to %d; open it with the iobus release"
                  + " that wrote it, or a newer one")
              .formatted(code, offset, FrameType.values().length));
    }
    int whole = window.get(INT, at + WalFormat.RECORD_LENGTH);
    int before = window.get(INT, at + WalFormat.PADDING);
    long durable = window.get(LONG, at + WalFormat.DURABLE_MARK);
    if (whole < length
        || whole > WalFormat.MAX_RECORD_BYTES
        || before < 0
        || durable < 0
        || durable > expectedLsn) {
      return false;
    }
    type = found;
    id = expectedId;
    lsn = expectedLsn;
    end = expectedLsn + bytes;
    payloadLength = length;
    recordLength = whole;
    padding = before;
    mark = durable;
    payloadAt = at + FRAME_HEADER_BYTES;
    return true;
  }

  /// Brings a run of the file into the window; false where the file ends before the run does.
  private boolean load(long offset, long length) throws IOException {
    if (offset < 0 || length > fileBytes - offset) {
      return false;
    }
    if (offset >= windowOffset && offset + length <= windowOffset + windowBytes) {
      return true;
    }
    long from = offset & -(long) alignment;
    long wanted = Math.min(window.byteSize(), WalFormat.alignUp(fileBytes - from, alignment));
    wanted &= -(long) alignment;
    windowBytes = 0;
    windowOffset = from;
    windowBytes = reads.read(file, window.asSlice(0, wanted), from);
    return offset + length <= windowOffset + windowBytes;
  }

  FrameType type() {
    assert type != null;
    return type;
  }

  long lsn() {
    return lsn;
  }

  long end() {
    return end;
  }

  int payloadLength() {
    return payloadLength;
  }

  int recordLength() {
    return recordLength;
  }

  long mark() {
    return mark;
  }

  /// The payload of the current frame, valid until the next call.
  MemorySegment payload() {
    return window.asSlice(payloadAt, payloadLength).asReadOnly();
  }

  /// What lies behind the tail.
  ///
  /// @param count valid frames at block boundaries
  /// @param mark the largest durable mark in them and in those behind them
  record LaterFrames(long count, long mark) {}
}
