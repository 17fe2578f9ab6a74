/// The write-ahead log: what a store promised before its tables say it.
///
/// A [Wal] is an endless run of bytes, kept in a handful of files. Many tasks append records at
/// the same time; one of the waiting tasks writes for all of them, and whoever asked for it
/// returns when the bytes are on stable storage. After a crash [Wal#open] gives every record back
/// that was acknowledged, in order, and tells a tail that was torn by the crash from damage.
///
/// The nouns, in order: a **record** is what the owner appends. A **frame** ([WalFormat]) carries
/// a record, or a part of a long one, with its **LSN** (byte position in the endless log) and the
/// **durable mark** (the end of the prefix that was durable when the frame was encoded). A
/// **group** is a run of frames that is written at once, from a block boundary to a block
/// boundary. A **segment** ([WalSegment]) is a file of groups; its **slot** is the file's name,
/// which outlives many uses. An **epoch** is one opening of the log.
///
/// ```
/// acquire ─► reserve ─► put, fill ─► await
///  Room    GroupPlaces   copy, CRC     Leadership: seal, write, sync, publish; others park
///
/// slot     wal-000002         wal-000001         wal-000003
/// segment  header|group|group header|group|…     (prepared: zeros, or frames of an earlier use)
/// LSN      0 ───────────────► ─────────────► tail
/// ```
///
/// Invariants:
/// 1. A block that holds acknowledged bytes is never written again while they are needed.
/// 2. Acknowledgements go in LSN order: what is acknowledged is a prefix of the log.
/// 3. A durable mark never lies: below it every frame was on stable storage.
/// 4. Recovery that reaches less than the largest durable mark it can find reports corruption.
/// 5. No segment that recovery has read is appended to; a new epoch begins where it stopped.
/// 6. After a failed write or sync nothing is acknowledged any more.
/// 7. Several writes are in flight only where each is durable by itself when it completes, and
///    everything before them is durable or is one of them.
///
/// Manifests use the same frames and the same tail rule in one growing file: [FrameFile].
///
/// A [WalReader] reads the same files while they are written, up to what has been acknowledged.
///
/// Start at [Wal]; then [Appender], and [GroupCommit] with its [Flights], for the way of a
/// record; [SegmentSupply] and [LiveSegments] for the life of a segment; [LogOpening] and
/// [WalRecovery] for the tail rule, [WalSalvage] for what is left where that refuses; [LogClosing] for
/// the end.
@NullMarked
package dev.iobus.storage.wal;

import org.jspecify.annotations.NullMarked;
