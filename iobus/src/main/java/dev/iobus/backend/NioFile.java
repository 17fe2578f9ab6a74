package dev.iobus.backend;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/// One open file of the NIO backend.
///
/// Thread-safe.
final class NioFile extends NioDescription {

  private final FileChannel channel;
  private final Path path;
  private final boolean directory;
  private final boolean direct;
  private final int blockSize;
  private final long device;
  private final long inode;
  private final boolean regular;

  /// Held shared by writes and alone by a change of length, because `FileChannel` can lengthen a
  /// file only by writing to it, and that must not undo the bytes of a concurrent write.
  private final StampedLock length = new StampedLock();

  /// Keeps the lock reachable; its life is that of the channel.
  private volatile @Nullable FileLock lock;

  NioFile(FileChannel channel, Path path, boolean directory, boolean direct) {
    this.channel = channel;
    this.path = path;
    this.directory = directory;
    this.direct = direct;
    this.blockSize = blockSizeOf(path);
    // Asked by path right after the open: `java.nio` has no fstat(2). Later renames do not matter.
    Map<String, Object> unix = unixAttributesOf(path);
    this.device = unix.get("dev") instanceof Long number ? number : 0;
    this.inode = unix.get("ino") instanceof Long number ? number : 0;
    this.regular = !Boolean.FALSE.equals(unix.get("isRegularFile"));
  }

  @Override
  String name() {
    return path.toString();
  }

  @Override
  void close() throws IOException {
    channel.close();
  }

  FileChannel channel() {
    return channel;
  }

  Path path() {
    return path;
  }

  boolean isDirectory() {
    return directory;
  }

  /// Whether it is a file that never has to wait. A pipe or a device may have to.
  boolean isAlwaysReady() {
    return regular || directory;
  }

  boolean isDirect() {
    return direct;
  }

  /// What direct transfers must be a multiple of; 0 where the file system does not say.
  int blockSize() {
    return blockSize;
  }

  long device() {
    return device;
  }

  long inode() {
    return inode;
  }

  StampedLock length() {
    return length;
  }

  void keep(FileLock lock) {
    this.lock = lock;
  }

  boolean isLocked() {
    return lock != null;
  }

  private static int blockSizeOf(Path path) {
    try {
      long size = Files.getFileStore(path).getBlockSize();
      return size > 0 && size <= 1 << 20 ? (int) size : 0;
    } catch (IOException | UnsupportedOperationException e) {
      return 0; // Means "does not say", and is documented so.
    }
  }

  private static Map<String, Object> unixAttributesOf(Path path) {
    try {
      return Files.readAttributes(path, "unix:dev,ino,isRegularFile");
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
      return Map.of(); // A host without such numbers: 0 stands for "cannot tell".
    }
  }
}
