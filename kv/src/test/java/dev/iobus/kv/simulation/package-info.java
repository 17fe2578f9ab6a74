/// The whole store, unchanged, on a simulated host whose power is lost and whose disk fails at every
/// operation. Only the public face of `dev.iobus.kv` is used.
///
/// - A [Workload] is a few [Step]s of one client or three; [WorkloadGenerator] makes one of a seed.
/// - [StoreRun] carries one out on a [dev.iobus.sim.SimScheduler], with a [Client] for each, and tells a
///   [History], the model: what a store may hold, and in a [HistoryView] at one moment. It knows nothing
///   of how a store works.
/// - [Contents] reads a store in every way that it offers and insists that all agree; [Entries] says
///   what stands under a key; [StoreFiles] looks at the names of its files.
/// - [CrashImages] takes what a crash would leave at every moment of a run; [Recoveries] opens those,
///   checks them, and what the opening took.
/// - A campaign does that with all moments of a workload: [CrashCampaign], [ErrorCampaign].
///
/// - [StoreScenario] is tried with seed after seed: several lives, each with faults and an end.
///
/// Start at [StoreRun].
@NullMarked
package dev.iobus.kv.simulation;

import org.jspecify.annotations.NullMarked;
