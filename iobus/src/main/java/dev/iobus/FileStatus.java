package dev.iobus;

/// What is known of an open file.
///
/// @param size length in bytes
/// @param directMemoryAlignment what addresses must be a multiple of for direct transfers; 0 when
///     the file system offers none or does not say
/// @param directOffsetAlignment what offsets and lengths must be a multiple of for direct
///     transfers; 0 when the file system offers none or does not say
/// @param blockSize preferred size of a transfer in bytes, at least 1
/// @param device number of the device that holds the file, with `inode` the file's identity
/// @param inode number of the file on that device; 0 where the backend cannot tell
/// @param directory whether the file is a directory
public record FileStatus(
    long size,
    int directMemoryAlignment,
    int directOffsetAlignment,
    int blockSize,
    long device,
    long inode,
    boolean directory) {}
