package dev.iobus;

import dev.iobus.backend.ModeBits;
import dev.iobus.backend.Request;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// What is known of an open file, statx(2). The NIO backend has no call on an open file for
/// `permissions` and `modified`: it asks by path, and cannot tell when another file has the path.
///
/// @param size length in bytes
/// @param kind what it is
/// @param permissions the lower twelve bits of `st_mode`, such as 0600; −1 where the backend cannot
///     tell
/// @param modified when its bytes last changed, to the nanosecond where the file system keeps it;
///     null where the backend cannot tell
/// @param allocated bytes on the device, which are fewer than `size` where it has holes; −1 where
///     the backend cannot tell
/// @param directMemoryAlignment what addresses must be a multiple of for direct transfers; 0 when
///     the file system offers none or does not say
/// @param directOffsetAlignment what offsets and lengths must be a multiple of for direct
///     transfers; 0 when the file system offers none or does not say. Whole transfers on a file whose
///     status was asked for are resumed on this grid when they come back short, those on others on
///     4 KiB: ask before them on a device whose blocks are larger
/// @param atomicWriteMin the shortest write with [WriteFlag#ATOMIC] in bytes, a power of two; 0
///     when there are none on this file (`STATX_WRITE_ATOMIC`, Linux 6.11)
/// @param atomicWriteMax the longest one in bytes; 0 when there are none
/// @param atomicWriteParts the most parts that a vectored one has; 0 when there are none
/// @param blockSize preferred size of a transfer in bytes, at least 1
/// @param device number of the device that holds the file, with `inode` the file's identity
/// @param inode number of the file on that device; 0 where the backend cannot tell
public record FileStatus(
    long size,
    FileKind kind,
    int permissions,
    @Nullable Instant modified,
    long allocated,
    int directMemoryAlignment,
    int directOffsetAlignment,
    int atomicWriteMin,
    int atomicWriteMax,
    int atomicWriteParts,
    int blockSize,
    long device,
    long inode) {

  static FileStatus of(Request.Status status) {
    boolean dated = status.modifiedNanos >= 0;
    return new FileStatus(
        status.size,
        FileKind.of(status.mode),
        status.permitted ? status.mode & ModeBits.PERMISSIONS : -1,
        dated ? Instant.ofEpochSecond(status.modifiedSeconds, status.modifiedNanos) : null,
        status.allocated,
        status.directMemoryAlignment,
        status.directOffsetAlignment,
        status.atomicWriteMin,
        status.atomicWriteMax,
        status.atomicWriteParts,
        status.blockSize,
        status.device,
        status.inode);
  }

  /// Whether the file is a directory.
  public boolean directory() {
    return kind == FileKind.DIRECTORY;
  }
}
