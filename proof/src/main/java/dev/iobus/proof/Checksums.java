package dev.iobus.proof;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/// Makes checksums right again after bytes were changed, so that a decoder has to find the damage by
/// itself. Knows the formats as they are drawn in the classes that are named `…Format` and
/// `…Header`, and takes no length for granted. Stateless.
public final class Checksums {

  private static final int PAGE = 4096;
  private static final int FRAME_MAGIC = 0xC5A791E3;
  private static final int FRAME_HEADER = 48;
  private static final int FRAME_MAX = 1 << 20;

  private Checksums() {}

  /// Of a log segment or a manifest: file header, both segment headers, and all frames that are
  /// found one behind the other or at the begin of a block.
  public static void fixFrames(byte[] file) {
    ByteBuffer bytes = wrap(file);
    fixFileHeader(file);
    for (int copy : new int[] {64, 2048}) {
      if (file.length >= copy + 64) {
        bytes.putInt(copy + 4, crc(file, copy + 8, 56));
      }
    }
    int at = PAGE;
    while (at + FRAME_HEADER <= file.length) {
      int length = bytes.getInt(at + 12);
      boolean frame = bytes.getInt(at) == FRAME_MAGIC && length >= 0 && length <= FRAME_MAX;
      long end = frame ? (at + FRAME_HEADER + (long) length + 7) & -8 : 0;
      if (frame && end <= file.length) {
        bytes.putInt(at + 4, crc(file, at + 8, (int) end - at - 8));
        at = (int) end;
      } else {
        at = (at / PAGE + 1) * PAGE;
      }
    }
  }

  /// Of a table: file header, blocks, footer.
  public static void fixTable(byte[] file) {
    ByteBuffer bytes = wrap(file);
    fixFileHeader(file);
    int footer = file.length - PAGE;
    if (footer < PAGE) {
      return;
    }
    long fileId = bytes.getLong(16);
    int at = PAGE;
    while (at < footer) {
      long stored = bytes.getInt(at + 4);
      long size = (20 + Math.max(0, stored) + PAGE - 1) / PAGE * PAGE;
      size = Math.min(size, footer - at);
      fixBlock(file, at, (int) size, fileId, at);
      at += (int) size;
    }
    CRC32C crc = placed(fileId, footer);
    crc.update(file, footer, PAGE - 4);
    bytes.putInt(file.length - 4, (int) crc.getValue());
  }

  /// Of one stored block of a table.
  ///
  /// @param offset where the block lies in its file
  public static void fixBlock(byte[] block, long fileId, long offset) {
    fixBlock(block, 0, block.length, fileId, offset);
  }

  private static void fixBlock(byte[] file, int at, int size, long fileId, long offset) {
    if (size >= 20) {
      CRC32C crc = placed(fileId, offset);
      crc.update(file, at, 16);
      crc.update(file, at + 20, size - 20);
      wrap(file).putInt(at + 16, (int) crc.getValue());
    }
  }

  private static void fixFileHeader(byte[] file) {
    if (file.length >= 64) {
      ByteBuffer bytes = wrap(file);
      CRC32C crc = placed(bytes.getLong(16), 0);
      crc.update(file, 0, 60);
      bytes.putInt(60, (int) crc.getValue());
    }
  }

  private static ByteBuffer wrap(byte[] file) {
    return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static CRC32C placed(long fileId, long offset) {
    CRC32C crc = new CRC32C();
    byte[] place = new byte[16];
    wrap(place).putLong(fileId).putLong(offset);
    crc.update(place);
    return crc;
  }

  private static int crc(byte[] bytes, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
