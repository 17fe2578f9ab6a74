package dev.iobus.backend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;

/// Paths as the kernel reads them: bytes in the platform's encoding, ended by a zero.
public final class NativePath {

  /// The empty path, which with `AT_EMPTY_PATH` means the descriptor itself.
  static final MemorySegment EMPTY = Arena.global().allocate(1);

  /// What the JDK itself encodes file names with.
  private static final Charset CHARSET =
      Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

  private NativePath() {}

  /// Checks a path before anything is done with it.
  ///
  /// @throws IllegalArgumentException for one that [#encode] refuses
  public static void check(Path path) {
    bytes(path);
  }

  /// Encodes a path of the default file system. The empty one is the working directory, as in
  /// `java.nio`.
  ///
  /// @throws IllegalArgumentException for a path of another file system, with a zero in it, or
  ///     with characters that the platform's encoding lacks
  static MemorySegment encode(Arena arena, Path path) {
    ByteBuffer bytes = bytes(path);
    MemorySegment encoded = arena.allocate(bytes.remaining() + 1L);
    encoded.copyFrom(MemorySegment.ofBuffer(bytes));
    return encoded;
  }

  private static ByteBuffer bytes(Path path) {
    if (!path.getFileSystem().equals(FileSystems.getDefault())) {
      throw new IllegalArgumentException(path + " is not a path of the default file system");
    }
    String text = path.toString();
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a path with a zero character: " + text);
    }
    try {
      return CHARSET.newEncoder().encode(CharBuffer.wrap(text.isEmpty() ? "." : text));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          path + " cannot be written in the platform's encoding " + CHARSET, e);
    }
  }
}
