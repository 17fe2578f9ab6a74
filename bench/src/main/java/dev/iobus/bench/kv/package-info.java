/// Stores against each other, workload by workload.
///
/// A [Row] is one line of the table: a workload with its threads, durability, data and memory. A
/// [Cell] is one row for one subject in one round. The cells of one subject and round run in one JVM,
/// one after another ([CellProcesses] holds a [CellProcess] for each subject, [CellMain] is what it
/// runs): memory, processor time, pauses and what the device did belong to the subject alone, a
/// control group can bound it, a subject that crashes takes nothing along, and the compiler knows
/// the code by the time it counts, as in an application that has run for a while: before its first row
/// each JVM has loaded, read and updated records for some seconds and, where rows are durable, let 64
/// threads write durably for two; the report says so. A store that is opened after a crash is opened in
/// a new JVM. Files that a workload only reads are prepared once a
/// subject and kept ([LoadedStores]).
///
/// ```
/// KvCommand ──> Rows of a Preset ──> KvRuns ──> CellProcesses ──> CellProcess ⇒ CellMain ──> CellRun
///                                      └──> LoadedStores
/// ```
///
/// Invariants:
/// 1. Subjects alternate: A B C A B C, row by row, so that a bad minute hits all of them. Rounds
///    follow one another, each with new JVMs, so that what a compiler chose once is not in all runs.
/// 2. A cell is repeated because others used the processors, never because of what it measured.
/// 3. A wrong answer, a lost write or a missing sync of any subject fails the whole job.
/// 4. All subjects of a row have the same memory, the page cache included where a control group is
///    permitted: a JVM that is warm may have what it had before the store was opened, the row's
///    memory, and 32 MiB more.
///
/// **Durable rows are durable.** Each durable row compares the flushes of the device with the writes
/// that were acknowledged ([dev.iobus.bench.host.FlushWitness]). Beside that, `--count-syncs` lets
/// strace(1) count the calls; 500 durable puts by one thread, ext4, Linux 6.18:
///
/// | subject | calls that make data durable | flushes of the device a put |
/// |---|---|---|
/// | iobus | through the ring, which strace does not see | 1.01 |
/// | rocksdb | 505 `fdatasync`, 6 `fsync` | 1.00 |
/// | lmdb | 500 `fdatasync`, and 500 writes of its meta page through `O_DSYNC` | 2.00 |
/// | lmdb-leader | 500 `fdatasync`, and 500 writes through `O_DSYNC` | 2.00 |
/// | mvstore | 501 `fsync` | 1.00 |
///
/// Start at [KvCommand].
@NullMarked
package dev.iobus.bench.kv;

import org.jspecify.annotations.NullMarked;
