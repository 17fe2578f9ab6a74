package dev.iobus.kv.proof;

import static java.util.Objects.requireNonNull;

import dev.iobus.storage.file.Checksum;
import dev.iobus.storage.file.FileHeader;
import dev.iobus.storage.file.FileKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The files of one store, with their bytes, but not its lock: a process that closes any
/// descriptor of a file gives up all POSIX locks that it holds on it (fcntl(2)), so a look at the
/// lock of a store that is open here could unlock it. Immutable by convention: nobody writes the
/// arrays.
///
/// @param files name to bytes, in order of the names
record DirectoryImage(Map<String, byte[]> files) {

  /// The name of the one file that holds no data.
  static final String LOCK = "lock";

  private static final int BLOCK_BYTES = 4096;

  // Where the header's fields lie; these places hold for all versions (FileHeader).
  private static final int KIND_OFFSET = 8;
  private static final int VERSION_OFFSET = 12;
  private static final int FILE_ID_OFFSET = 16;
  private static final int CHECKSUM_OFFSET = 60;

  /// Reads all files of the directory but the lock. A file that vanishes meanwhile is left out.
  static DirectoryImage of(Path directory) throws IOException {
    TreeMap<String, byte[]> files = new TreeMap<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path path : stream) {
        String name = path.getFileName().toString();
        if (name.equals(LOCK)) {
          continue;
        }
        try {
          files.put(name, Files.readAllBytes(path));
        } catch (NoSuchFileException e) {
          // It has vanished since the directory was read.
        }
      }
    }
    return new DirectoryImage(files);
  }

  /// The bytes of a file that is there.
  byte[] bytes(String name) {
    return requireNonNull(files.get(name), name);
  }

  /// What the file's header says that it holds, or null where there is no such header.
  @Nullable FileKind kind(String name) {
    byte[] bytes = bytes(name);
    if (bytes.length < FileHeader.BYTES) {
      return null;
    }
    int code = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(KIND_OFFSET);
    for (FileKind kind : FileKind.values()) {
      if (kind.code() == code) {
        return kind;
      }
    }
    return null;
  }

  /// The same with one file's format version raised beyond all versions of today, its header
  /// otherwise intact.
  DirectoryImage withNewerVersion(String name) {
    byte[] bytes = bytes(name).clone();
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(VERSION_OFFSET, Integer.MAX_VALUE);
    long fileId = header.getLong(FILE_ID_OFFSET);
    int checksum = Checksum.of(fileId, 0, MemorySegment.ofArray(bytes), 0, CHECKSUM_OFFSET);
    header.putInt(CHECKSUM_OFFSET, checksum);
    TreeMap<String, byte[]> changed = new TreeMap<>(files);
    changed.put(name, bytes);
    return new DirectoryImage(changed);
  }

  /// Makes the directory hold these files and no others.
  void writeTo(Path directory) throws IOException {
    Files.createDirectories(directory);
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path path : stream) {
        Files.delete(path);
      }
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Files.write(directory.resolve(file.getKey()), file.getValue());
    }
  }

  /// Says what is not as it was in `earlier`, down to the block; null when nothing changed.
  @Nullable String changeSince(DirectoryImage earlier) {
    if (!files.keySet().equals(earlier.files.keySet())) {
      return "files were " + earlier.files.keySet() + ", are " + files.keySet();
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      byte[] before = earlier.bytes(file.getKey());
      int at = Arrays.mismatch(before, file.getValue());
      if (at >= 0) {
        return file.getKey() + " changed in block " + at / BLOCK_BYTES + ", length "
            + before.length + " before and " + file.getValue().length + " after";
      }
    }
    return null;
  }
}
