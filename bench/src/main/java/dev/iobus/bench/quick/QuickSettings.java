package dev.iobus.bench.quick;

import dev.iobus.bench.measure.StoreSettings;

/// What a user of the job may choose. Immutable.
///
/// @param store how the store is opened
/// @param threads virtual threads of the concurrent phases, at least 1
/// @param limit at most so many class files
/// @param seed of the order of random gets, of what is overwritten and deleted, and of when the
///     child is killed
/// @param kills how often a child is killed
/// @param phaseNanos how long a phase of random gets lasts
record QuickSettings(
    StoreSettings store, int threads, int limit, long seed, int kills, long phaseNanos) {}
