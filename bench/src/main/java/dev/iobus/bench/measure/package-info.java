/// What every measurement needs: [Workers] repeat a [Workers.Step] and give a [Measurement],
/// a [Row] adds what the disk saw, a [Report] prints rows with the host they were measured on.
///
/// ```
/// Workers ──> Measurement(Latencies) ──> Row ──> Report ──> table, result.json
///                                                   ^
///                                       Environment ┘
/// ```
///
/// Invariants:
/// 1. Latency is the time of the step alone; the rate is over the wall time of the whole phase,
///    checks included.
/// 2. The first failure of a worker stops all workers and is what the caller gets.
///
/// Start at [Workers].
@NullMarked
package dev.iobus.bench.measure;

import org.jspecify.annotations.NullMarked;
