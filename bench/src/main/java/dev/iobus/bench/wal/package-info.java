/// Durable appends through the write-ahead log, against what the same file system gives a bare
/// loop.
///
/// The nouns, from the bottom up: a [RawFile] is a prewritten file, and [RawWrites] overwrites its
/// blocks in one of the ways of [RawMethod], from one thread; that is the limit. [Appends] are many
/// writers of one [MeasuredLog], whose every [LogRecord] says who wrote it and which one it is;
/// [RecoveredRecords] finds each of them again when the log is opened anew. A
/// [dev.iobus.bench.host.FlushWitness] asks the block device whether it did what was acknowledged.
///
/// ```
/// WalCommand ─> WalComparison ─> WalWorkload ─┬─> MeasuredLog ─> Appends, RecoveredRecords
///                                             ├─> RawLoops ────> RawWrites, RawFile
///                                             └─> FlushWitness
/// ```
///
/// Invariants:
/// 1. Log and raw loops alternate within a workload (A B C A B C), so that a change of the device's
///    mood meets all of them.
/// 2. A run counts only after every acknowledged record was read again, in the order and with the
///    bytes in which it was appended.
/// 3. A durable run counts only if the device flushed often enough, or if the device does not tell;
///    which of the two is said in the facts.
///
/// Start at [WalComparison].
@NullMarked
package dev.iobus.bench.wal;

import org.jspecify.annotations.NullMarked;
