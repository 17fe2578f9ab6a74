/// This store and its peers behind the same four verbs: open, put, get, close.
///
/// A [Subject] is an open store, a [Peer] opens one; [IobusPeer] is ours, the others come from
/// the profile `peers` and are found as services. A [Race] runs the same workloads on all of them in
/// alternation (A B A B A B) and gives the medians.
///
/// Invariants:
/// 1. Keys, values, order, threads, durability and time are the same for every subject.
/// 2. Every value that is read is compared with what it must be.
///
/// Start at [Race].
@NullMarked
package dev.iobus.bench.versus;

import org.jspecify.annotations.NullMarked;
