/// Blocks of files in memory: read once, verified and decoded once, shared by all; changed as new
/// versions, and written back behind the log.
///
/// Nouns, in the order to read them:
///
/// - A *page* is 4 KiB on disk, aligned: the unit of device transfers. A *block* is what a file
///   stores: whole pages, checksummed, perhaps compressed. A *frame* is a decoded block in memory.
/// - [PageCache][dev.iobus.storage.page.PageCache]: pins blocks, reading through on a miss.
/// - [BlockFile][dev.iobus.storage.page.BlockFile]: one file whose blocks the cache holds, with the
///   [BlockDecoder][dev.iobus.storage.page.BlockDecoder] that its owner gives.
/// - [PinnedBlock][dev.iobus.storage.page.PinnedBlock]: a lease on decoded bytes.
/// - [WaitLimit][dev.iobus.storage.page.WaitLimit]: how long who pins waits for memory.
/// - [ReadAhead][dev.iobus.storage.page.ReadAhead]: pins of one reader who goes forward, with the
///   [BlockLayout][dev.iobus.storage.page.BlockLayout] that tells what follows.
/// - [PageFile][dev.iobus.storage.page.PageFile]: a file whose pages are changed, each by a
///   [PageEdit][dev.iobus.storage.page.PageEdit]; with its
///   [BlockCodec][dev.iobus.storage.page.BlockCodec] and the
///   [DurableLog][dev.iobus.storage.page.DurableLog] that its changes are in first.
/// - Inside: `Frame` and its word, `PinSlots` for what hits would else write there, `FrameTable`,
///   `FrameAllocator` with `FrameSizes`, `FrameEviction` and `FrameExtents`; what stays is decided by
///   `SizeClass` with `WindowShare`, `HeldFrames`, `FrequencySketch` and `ExtentDemand`; `IoSlab`,
///   `BlockLoads`, `BlockReader`, `Prefetcher`, `TransientMemory`; `PageVersions`, `DirtyPages`,
///   `WriteBack`; `TransferRuns`, which both directions share.
///
/// ```
///            hit: FrameTable ────────── slot of PinSlots ─► Frame, if it is LOADED still
/// pin ──┤
///            miss: BlockLoads ─ one loader ─ IoSlab ─ bus ─ verify ─ decode ─► Frame
///                       └ others wait for it                         └► or TransientBlock
///
/// edit ─ copy ─► Frame ─ commit ─► FrameTable, in the place of the version before
///                            └► DirtyPages ─ log durable ─ encode ─ IoSlab ─ bus ─► file
/// ```
///
/// Invariants:
///
/// 1. A hit takes no lock, computes no checksum and copies nothing.
/// 2. A frame's bytes change only while it is LOADING; it becomes EVICTING only from (RETIRED,
///    0 pins) and when no slot has it, and is reused only after that and out of the table.
/// 3. Who holds a pin never waits for a frame, and who holds I/O pages never waits for anything but
///    the device.
/// 4. All memory is reserved in the budget before it is allocated.
/// 5. A load that failed leaves nothing behind, and everybody who waited for it gets its error.
/// 6. A version that was committed is in the table until a newer one replaces it or the file has
///    it; no read of its block ends while it takes its place.
/// 7. A version is written only when the log is durable up to what its commit said, by one caller
///    at a time.
///
/// Start at [PageCache][dev.iobus.storage.page.PageCache].
@NullMarked
package dev.iobus.storage.page;

import org.jspecify.annotations.NullMarked;
