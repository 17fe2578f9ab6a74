/// Looks at results of earlier runs, and measures nothing.
///
/// [ReportCommand] makes the page of a result again; [CompareCommand] sets two results against each
/// other and ends with 1 when the newer one is slower. Both read what [EarlierResult] can read: the
/// files of this harness, or those of JMH through [JmhResults]. A [Comparison] has a [Delta] for
/// each workload and subject that both results have; a [ChangeInterval] says how sure it is.
///
/// Invariants:
/// 1. A change is called slower or faster only when its whole interval lies beyond the threshold.
/// 2. What ran only once has no interval, and decides nothing.
///
/// Start at [CompareCommand].
@NullMarked
package dev.iobus.bench.review;

import org.jspecify.annotations.NullMarked;
