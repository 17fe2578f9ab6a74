/// The command line of the measuring harness: one subcommand per job, one exit code per outcome.
///
/// Nouns, from the bottom up:
/// 1. `host`: what the machine and the process have counted; control groups.
/// 2. `measure`: workers that repeat a step, at their own pace or at a given one; latencies, series.
/// 3. `result`: runs and metrics, the files that hold them, the table.
/// 4. `report`: one page with charts; comparison of two results.
/// 5. `command`: what the subcommands share on the command line.
/// 6. `subject`: the stores, behind one interface. `workload`: what is done to them, and the checks.
/// 7. The jobs: `quick`, `kv`, `bus`, `wal`, `jmh`, `torture`, `doctor`.
///
/// ```
/// Bench ─┬─> quick, kv ──> workload ──> subject ─┐
///        ├─> bus, wal ──────────────────────────┼──> command ──> report ──> result ──> measure
///        ├─> jmh, torture, doctor ──────────────┘                                 └──> host
///        └─> report, compare
/// ```
///
/// Invariants:
/// 1. Every byte that is read is compared with what it must be; a difference ends the run with
///    exit code 1.
/// 2. A number that was not measured is absent, or printed as `-`, never as zero.
/// 3. What a run was measured on (host, kernel, JDK, flags, commit) stands in its result.
/// 4. A run is done again because others disturbed it, never because of what it measured.
///
/// Start at [Bench].
@NullMarked
package dev.iobus.bench;

import org.jspecify.annotations.NullMarked;
