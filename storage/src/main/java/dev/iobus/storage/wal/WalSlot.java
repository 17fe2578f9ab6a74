package dev.iobus.storage.wal;

import dev.iobus.OpenFlag;
import dev.iobus.storage.file.CorruptionException;
import dev.iobus.storage.file.DataDirectory;
import dev.iobus.storage.file.DataFile;
import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A file of the log as recovery finds it. Immutable.
///
/// @param name the file's name: prefix, `-`, six digits
/// @param number the six digits
/// @param path the file's path, for messages
/// @param fileBytes length of the file
/// @param header the header, or null when it is damaged or was never written whole
/// @param second the header's second copy where the first is damaged; null when it is too
/// @param first what the frame behind the header says of itself; null when none seems to be there
record WalSlot(
    String name,
    int number,
    String path,
    long fileBytes,
    @Nullable SegmentHeader header,
    @Nullable SegmentHeader second,
    @Nullable FirstFrame first) {

  /// The use and the place of a frame, unverified.
  record FirstFrame(long segmentId, long lsn) {}

  private static final int DIGITS = 6;

  /// The largest number.
  static final int LARGEST = 999_999;

  static String name(String prefix, int number) {
    if (number > LARGEST) {
      throw new IllegalStateException("log slot number " + number + " exceeds " + LARGEST);
    }
    return prefix + "-" + String.format("%06d", number);
  }

  /// The number of the slot with that name, or −1 when the name is none of this log.
  static int number(String prefix, String name) {
    String start = prefix + "-";
    if (!name.startsWith(start) || name.length() != start.length() + DIGITS) {
      return -1;
    }
    int number = 0;
    for (int i = start.length(); i < name.length(); i++) {
      char digit = name.charAt(i);
      if (digit < '0' || digit > '9') {
        return -1;
      }
      number = number * 10 + (digit - '0');
    }
    return number;
  }

  /// All slots of a log, in the order of their numbers.
  ///
  /// @param blocks memory for two blocks, aligned for direct transfers
  static List<WalSlot> list(
      DataDirectory directory, String prefix, MemorySegment blocks, FileReads reads)
      throws IOException {
    List<WalSlot> slots = new ArrayList<>();
    for (String name : directory.list()) {
      int number = number(prefix, name);
      if (number >= 0) {
        slots.add(read(directory, name, number, blocks, reads));
      }
    }
    return slots;
  }

  private static WalSlot read(
      DataDirectory directory, String name, int number, MemorySegment blocks, FileReads reads)
      throws IOException {
    try (DataFile file = directory.open(name, true, OpenFlag.WRITE)) {
      if (!file.isDirect()) {
        // Without direct reads the page cache may hold bytes that never reached the device. A
        // sync before the first read is the most that can be done.
        file.sync();
      }
      long length = reads.read(file, blocks, 0);
      long half = blocks.byteSize() / 2;
      MemorySegment found = blocks.asSlice(0, Math.min(length, half));
      FirstFrame first = firstFrame(blocks.asSlice(found.byteSize(), length - found.byteSize()));
      SegmentHeader header = null;
      try {
        FileHeader fileHeader =
            FileHeader.read(found, file.path(), FileKind.WAL_SEGMENT, SegmentHeader.VERSION);
        header = SegmentHeader.read(found, fileHeader.fileId());
      } catch (CorruptionException torn) {
        // A crash in the middle of a use's first write leaves this too; the tail rule decides.
        header = null;
      }
      SegmentHeader second = header == null ? SegmentHeader.readSecond(found) : null;
      return new WalSlot(name, number, file.path(), file.size(), header, second, first);
    }
  }

  private static @Nullable FirstFrame firstFrame(MemorySegment block) {
    boolean none =
        block.byteSize() < WalFormat.FRAME_HEADER_BYTES
            || block.get(WalFormat.INT, WalFormat.MAGIC) != WalFormat.FRAME_MAGIC;
    return none
        ? null
        : new FirstFrame(
            block.get(WalFormat.LONG, WalFormat.SEGMENT_ID),
            block.get(WalFormat.LONG, WalFormat.LSN));
  }

  /// Whether the header seems to be of a use before that of the frames: it is on stable storage before
  /// the first of them, so a device has lost it. A frame of a use that was dropped may seem so too. A
  /// slot that was never used has no frame at all; its first use keeps the id.
  boolean isOlderThanItsFrames() {
    if (header == null || first == null) {
      return false;
    }
    boolean later =
        first.segmentId() != header.segmentId() && first.lsn() > header.firstLsn();
    return header.epoch() == 0 || later;
  }

  /// The same slot with a header that was told by something else.
  WalSlot withHeader(SegmentHeader told) {
    return new WalSlot(name, number, path, fileBytes, told, second, first);
  }

  /// Whether the header is whole and names a use of the slot.
  boolean isUsed() {
    return header != null && header.epoch() > 0;
  }

  /// Whether the file is as long as its header says, so that it can be used again.
  boolean isWhole() {
    return header != null && header.capacity() == fileBytes;
  }

  /// Bytes that the log can read: not more than the header says.
  static long readableBytes(SegmentHeader header, long fileBytes) {
    return Math.min(header.capacity(), fileBytes);
  }
}
