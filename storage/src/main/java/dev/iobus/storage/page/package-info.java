/// Blocks of immutable files in memory: read once, verified and decoded once, shared by all.
///
/// Nouns, in the order to read them:
///
/// - A *page* is 4 KiB on disk, aligned: the unit of device transfers. A *block* is what a file
///   stores: whole pages, checksummed, perhaps compressed. A *frame* is a decoded block in memory.
/// - [PageCache][dev.iobus.storage.page.PageCache]: pins blocks, reading through on a miss.
/// - [BlockFile][dev.iobus.storage.page.BlockFile]: one file whose blocks the cache holds, with the
///   [BlockDecoder][dev.iobus.storage.page.BlockDecoder] that its owner gives.
/// - [PinnedBlock][dev.iobus.storage.page.PinnedBlock]: a lease on decoded bytes.
/// - [ReadAhead][dev.iobus.storage.page.ReadAhead]: pins of one reader who goes forward, with the
///   [BlockLayout][dev.iobus.storage.page.BlockLayout] that tells what follows.
/// - Inside: `Frame` and its word, `FrameTable`, `FrameAllocator` with `FrameSizes`, `IoSlab`,
///   `BlockLoads`, `BlockReader` with `ReadRuns`, `Prefetcher`, `TransientMemory`.
///
/// ```
///            hit: FrameTable ─────────────────────────────► Frame, pins + 1
/// pin ──┤
///            miss: BlockLoads ─ one loader ─ IoSlab ─ bus ─ verify ─ decode ─► Frame
///                       └ others wait for it                         └► or TransientBlock
/// ```
///
/// Invariants:
///
/// 1. A hit takes no lock, computes no checksum and copies nothing.
/// 2. A frame's bytes change only while it is LOADING; it becomes EVICTING only from (LOADED,
///    0 pins), and is unlinked and reused only after that.
/// 3. Who holds a pin never waits for a frame, and who holds I/O pages never waits for anything but
///    the device.
/// 4. All memory is reserved in the budget before it is allocated.
/// 5. A load that failed leaves nothing behind, and everybody who waited for it gets its error.
///
/// Start at [PageCache][dev.iobus.storage.page.PageCache].
@NullMarked
package dev.iobus.storage.page;

import org.jspecify.annotations.NullMarked;
