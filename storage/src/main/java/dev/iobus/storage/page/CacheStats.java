package dev.iobus.storage.page;

/// What a [PageCache] did since it was opened, and what it holds. Counters are read one after the
/// other, so they agree with each other only when the cache rests.
///
/// @param hits pins that found a frame
/// @param misses blocks that were to be read from their file, those of prefetches and those whose
///     read failed among them
/// @param sharedMisses pins that waited for another caller's read of the same block
/// @param evictions frames that were given up for other blocks
/// @param transientReads misses whose block was not kept: too large, no frame to be had, or read
///     around the cache
/// @param prefetches reads that were begun before anybody needed their block
/// @param writes pages that were written to their file
/// @param frameBytes bytes of extents, reserved in the budget
/// @param loadedBytes capacity of the frames that hold a block
/// @param decodedBytes bytes of the blocks in them; what is missing to `loadedBytes` is internal
///     waste
/// @param dirtyBytes capacity of the frames whose page is not in its file yet
/// @param ioBuffers how the I/O slab is used: its size, and whether it is registered or why not
public record CacheStats(
    long hits,
    long misses,
    long sharedMisses,
    long evictions,
    long transientReads,
    long prefetches,
    long writes,
    long frameBytes,
    long loadedBytes,
    long decodedBytes,
    long dirtyBytes,
    String ioBuffers) {}
