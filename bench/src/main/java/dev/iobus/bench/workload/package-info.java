/// What is done to a subject, and how its answers are checked.
///
/// A [Workload] has a name that everybody knows from db_bench or YCSB. Its steps are made by
/// [Operations], which choose a record with a [KeyChooser], take its key and value from [Records],
/// and hold every answer against the [WriteHistory].
///
/// ```
/// Workload ──> WorkloadRun ──> Operations ──> Subject
///                                │   └──> WriteHistory: what may be answered
///                                └──> KeyChooser, Records
/// ```
///
/// Invariants:
/// 1. What step `i` does depends on `i` and the seed alone.
/// 2. Every answer is checked: the record, its version, the bytes of its value, its absence.
/// 3. After a workload that writes, the whole store is walked and compared.
///
/// Start at [Workload].
@NullMarked
package dev.iobus.bench.workload;

import org.jspecify.annotations.NullMarked;
