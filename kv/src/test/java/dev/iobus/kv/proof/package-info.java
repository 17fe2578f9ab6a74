/// Proofs of the store from outside: child JVMs that are killed, files whose bits are flipped,
/// limits of the host that are lowered, threads that are interrupted.
///
/// Only the public face of `dev.iobus.kv` is used, so that what is proven is what a user gets.
///
/// - [Children] starts a JVM that runs [StoreChild]; [Child] is one of them, killed or awaited.
/// - [Workload] numbers the operations of each writer and says what each one changes; the child
///   performs them, the parent replays them on a [WriterModel] and keeps a [Ledger].
/// - [Contents] reads a whole store in every way the store offers and insists that all agree.
/// - [DirectoryImage] holds the files of a store in memory, to copy, damage and compare.
/// - [LoopMount] is a small disk that can be full, and can lose its power.
///
/// Start at [KillTest].
@NullMarked
package dev.iobus.kv.proof;

import org.jspecify.annotations.NullMarked;
