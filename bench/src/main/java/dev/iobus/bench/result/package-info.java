/// The numbers of a job, in memory and in files.
///
/// A [Result] is all that one job measured: [Run]s (one workload, one subject, one repetition) with
/// a value for each [Metric], and what they were measured on. [ResultFiles] writes and reads them:
///
/// | file | holds |
/// |---|---|
/// | `result.json` | everything but the two below, as JSON |
/// | `latency.hdr` | the latencies of each run: an HdrHistogram log, one tagged line a run |
/// | `series.csv` | the rate of each run over time |
///
/// [Rows] groups the runs by workload and subject; [ResultTable] prints them. Where a job has
/// [Aim]s, [AimTable] shows what was reached of them.
///
/// Invariants:
/// 1. A number that was not measured is absent, never zero.
/// 2. A run that was repeated because the machine was noisy stays in the files, marked as
///    superseded, and counts nowhere.
///
/// Start at [Result].
@NullMarked
package dev.iobus.bench.result;

import org.jspecify.annotations.NullMarked;
