/// The command line of the measuring harness: one subcommand per job, one exit code per outcome.
///
/// Nouns, from the bottom up:
/// 1. `measure`: workers that repeat a step, latencies, a row of numbers, the report, the host.
/// 2. `quick`: the class files of the running JDK through a whole store, kills included.
/// 3. `versus`: this store and its peers behind the same four verbs.
/// 4. `bus`: one bus against `fio` on one file.
/// 5. `jmh`: the parts one by one.
///
/// ```
/// Bench ─┬─> quick ──┐
///        ├─> versus ─┼─> measure
///        ├─> bus ────┘
///        └─> jmh
/// ```
///
/// Invariants:
/// 1. Every byte that is read is compared with what it must be; a difference ends the run with
///    exit code 1.
/// 2. A number that was not measured is printed as `-`, never as zero.
/// 3. What a row was measured on (host, kernel, JDK, backend, codec, commit) is printed with it.
///
/// Start at [Bench].
@NullMarked
package dev.iobus.bench;

import org.jspecify.annotations.NullMarked;
