package dev.iobus.bench.quick;

import dev.iobus.bench.subject.StoreSettings;
import dev.iobus.bench.subject.SubjectSettings;
import dev.iobus.bench.subject.Sync;
import dev.iobus.kv.StoreOptions;

/// What a user of the job may choose. Immutable.
///
/// @param store how this store is opened
/// @param threads virtual threads of the concurrent phases, at least 1
/// @param limit at most so many class files
/// @param seed of the order of random gets, of what is overwritten and deleted, and of when the
///     child is killed
/// @param kills how often a child is killed
/// @param phaseNanos how long a phase of random gets lasts
record QuickSettings(
    StoreSettings store, int threads, int limit, long seed, int kills, long phaseNanos) {

  /// What every write waits for, in the words that all subjects share.
  Sync sync() {
    return switch (store.durability()) {
      case SYNCED -> Sync.SYNCED;
      case WRITTEN -> Sync.WRITTEN;
      case BUFFERED -> Sync.BUFFERED;
    };
  }

  /// As much memory for a peer as this store has.
  SubjectSettings forPeers() {
    long memoryBytes =
        store.memoryBytes() == 0 ? StoreOptions.defaults().memoryBytes() : store.memoryBytes();
    return new SubjectSettings(memoryBytes, 0, true, sync(), null);
  }
}
