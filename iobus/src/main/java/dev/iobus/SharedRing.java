package dev.iobus;

import dev.iobus.backend.Backend;

/// One ring of a [SharedBus], with the operations of those callers that use it. Thread-safe.
final class SharedRing {

  /// Calls that can be under way on one ring of a smaller capacity.
  private static final int CALLS_MAX = 4096;

  final Backend backend;
  final BusCounts counts = new BusCounts();
  final int capacity;
  final SlotTable slots;
  final Reaping reaping;

  /// @param number of the ring, from 0 on
  /// @param capacity operations that can be at the backend at one time, at least 1
  /// @param pins whether a wait of the backend holds the carrier of a virtual thread
  SharedRing(
      int number,
      Backend backend,
      int capacity,
      boolean pins,
      Scheduler scheduler,
      BusFailure failure) {
    this.backend = backend;
    this.capacity = capacity;
    slots = new SlotTable(number, Math.max(capacity, CALLS_MAX), scheduler);
    Submissions submissions = new Submissions(backend, counts, capacity);
    reaping = new Reaping(backend, scheduler, slots, submissions, failure, pins);
  }
}
