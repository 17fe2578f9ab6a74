package dev.iobus.storage.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The first bytes of every file: whose it is, what it holds, and which file it is.
///
/// ```
///  0        8        12        16        24                    60         64           4096
///  | magic  | kind   | version | file id | reserved, all zero  | CRC-32C  | zeros …    |
///  | 8      | int 4  | int 4   | long 8  | 36                  | int 4    | the format's own
/// ```
///
/// All integers are little-endian. The checksum covers bytes 0 to 60 with the file id and offset 0
/// fed first. These places hold for all versions to come, so that a reader can always tell damage
/// from a newer version. The magic is built like PNG's: a first byte with the high bit set, which
/// no text and no 7-bit channel has; the name, for whoever looks at a file; and CR LF, which a
/// transfer in text mode changes.
///
/// @param kind what the file holds
/// @param version the version of the kind's format, at least 1
/// @param fileId 64 random bits, drawn when the file was created; seeds all its checksums
public record FileHeader(FileKind kind, int version, long fileId) {

  /// Bytes that the header takes.
  public static final int BYTES = 64;

  /// Bytes from the file's begin that belong to the header and what the format adds to it; blocks
  /// begin after them.
  public static final int PAGE_BYTES = 4096;

  /// `\x89 i o b u s \r \n` read as a little-endian long.
  static final long MAGIC = 0x0A0D_7375_626F_6989L;

  private static final int MAGIC_OFFSET = 0;
  private static final int KIND_OFFSET = 8;
  private static final int VERSION_OFFSET = 12;
  private static final int FILE_ID_OFFSET = 16;
  private static final int RESERVED_OFFSET = 24;
  private static final int CHECKSUM_OFFSET = 60;

  static {
    assert CHECKSUM_OFFSET + Integer.BYTES == BYTES;
    assert BYTES <= PAGE_BYTES;
  }

  /// Checks the version.
  ///
  /// @throws IllegalArgumentException when it is below 1
  public FileHeader {
    if (version < 1) {
      throw new IllegalArgumentException("version " + version + " is below 1");
    }
  }

  /// Writes the header to the first [#BYTES] bytes of `page`; the rest is the caller's to zero or
  /// fill.
  public void write(MemorySegment page) {
    page.asSlice(RESERVED_OFFSET, CHECKSUM_OFFSET - RESERVED_OFFSET).fill((byte) 0);
    Encoding.putLong(page, MAGIC_OFFSET, MAGIC);
    Encoding.putInt(page, KIND_OFFSET, kind.code());
    Encoding.putInt(page, VERSION_OFFSET, version);
    Encoding.putLong(page, FILE_ID_OFFSET, fileId);
    Encoding.putInt(page, CHECKSUM_OFFSET, Checksum.of(fileId, 0, page, 0, CHECKSUM_OFFSET));
  }

  /// The header in the first bytes of `page`.
  ///
  /// @param page what was read from the begin of the file; may be shorter than [#BYTES] where the
  ///     file is
  /// @param path the file's path, for messages
  /// @param kind what the file must hold
  /// @param newestVersion the newest version of that kind that the caller understands
  /// @throws CorruptionException when the bytes are no header, are damaged, or of another kind
  /// @throws FormatVersionException when an intact header names a version out of
  ///     1…`newestVersion`
  public static FileHeader read(MemorySegment page, String path, FileKind kind, int newestVersion)
      throws CorruptionException, FormatVersionException {
    if (page.byteSize() < BYTES) {
      throw new CorruptionException(
          path, 0, "the file has " + page.byteSize() + " bytes, its header needs " + BYTES);
    }
    long magic = Encoding.getLong(page, MAGIC_OFFSET);
    if (magic != MAGIC) {
      throw new CorruptionException(
          path, 0, "no iobus file: magic " + hex(magic) + ", expected " + hex(MAGIC));
    }
    long fileId = Encoding.getLong(page, FILE_ID_OFFSET);
    int found = Encoding.getInt(page, CHECKSUM_OFFSET);
    int expected = Checksum.of(fileId, 0, page, 0, CHECKSUM_OFFSET);
    if (found != expected) {
      throw new CorruptionException(
          path,
          0,
          "header checksum " + Integer.toHexString(found)
              + ", expected " + Integer.toHexString(expected));
    }
    int kindCode = Encoding.getInt(page, KIND_OFFSET);
    if (kindCode != kind.code()) {
      throw new CorruptionException(
          path, KIND_OFFSET, "file kind " + kindCode + ", expected " + kind.code() + " " + kind);
    }
    int version = Encoding.getInt(page, VERSION_OFFSET);
    if (version < 1 || version > newestVersion) {
      throw new FormatVersionException(
          path,
          kind + " format version " + Integer.toUnsignedString(version)
              + ", this library reads 1 to " + newestVersion
              + "; open it with the iobus release that wrote it, or a newer one");
    }
    return new FileHeader(kind, version, fileId);
  }

  /// Reads and checks the header of an open file, as [#read(MemorySegment, String, FileKind, int)]
  /// does.
  ///
  /// @throws IOException also when the file cannot be read
  public static FileHeader read(DataFile file, FileKind kind, int newestVersion)
      throws IOException {
    try (Arena arena = file.newArena()) {
      MemorySegment page = arena.allocate(PAGE_BYTES, PAGE_BYTES);
      long length = file.readFully(page, 0);
      return read(page.asSlice(0, length), file.path(), kind, newestVersion);
    }
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
