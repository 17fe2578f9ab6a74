package dev.iobus.posix;

/// What fstat(2) says of an open file on hosts without statx(2). Immutable.
///
/// @param size in bytes
/// @param allocated bytes on the device
/// @param blockSize the transfer size that the file system likes best, in bytes
/// @param mode kind and permissions, `st_mode`
/// @param modifiedSeconds since 1970, of the last change of bytes
/// @param modifiedNanos what to add to these
public record FileFacts(
    long size,
    long allocated,
    int blockSize,
    long device,
    long inode,
    int mode,
    long modifiedSeconds,
    int modifiedNanos) {}
