/// A simulated host for tests of storage and network code: one seed decides which task runs, how
/// long each operation takes, what fails, and what a loss of power leaves.
///
/// The nouns, in order: a **disk** ([dev.iobus.sim.SimDisk]) keeps live and durable bytes and names
/// apart. A **crash** is what a loss of power at one moment leaves of a disk, chosen by a seed
/// among all that may be left. The **scheduler** ([dev.iobus.sim.SimScheduler]) runs tasks one at a
/// time, in virtual time, and is the host of every bus that is opened with it. How long its disk takes
/// says a **device** ([dev.iobus.sim.SimDevice]). **Faults**
/// ([dev.iobus.sim.Faults]) say what goes wrong. A **scenario** ([dev.iobus.sim.Scenario]) makes a
/// plan of operations and faults ([dev.iobus.sim.PlannedFault]) of each seed and runs it; of a plan
/// that fails a [dev.iobus.sim.Shrinker] leaves the least ([dev.iobus.sim.Counterexample]).
///
/// ```
///   code under test ─ SharedBus, Bus ─ dev.iobus.backend.Backend
///          │                                 │
///   SimScheduler ─ Baton, SimEvents     SimBackend ─ SimRing ─ SimKernel ─ SimOperations ─ Faults
///                                                       │         └ SimDisk ─ SimFile, NameJournal
///                                                       └ SimNetwork ─ SimSocket ─ SimStream
/// ```
///
/// A whole program on it, with a proof that no loss of power takes what was saved:
///
/// ```java
/// boolean ended = false;
/// for (long operations = 1; !ended; operations++) {
///   SimDisk disk = new SimDisk();
///   disk.createDirectories(Path.of("/numbers"));
///   Faults faults = new Faults().losePowerAfter(operations);
///   SimScheduler host = new SimScheduler(operations, disk, faults);
///   ended = host.run(() -> {
///     try (SharedBus bus = SharedBus.open(BusOptions.defaults().withScheduler(host))) {
///       save(bus, 1); // The code that is tried, as it is in production.
///     }
///   });
///   for (int seed = 0; seed < 20; seed++) {
///     check(disk.crash(seed)); // All that may be left.
///   }
/// }
/// ```
///
/// It stands in full in the tests, as `dev.iobus.examples.SavedNumber`.
///
/// What it costs: to hand the baton from one task to another takes about half a microsecond, and most of
/// a run is what the code that is tried does itself. Waiting costs nothing, however long: so what is won
/// depends on the kind of disk ([dev.iobus.sim.SimDevice]). A task that only waits for its disk passes some
/// hundred times as fast as in real time on `NVME`, nine hundred on `SSD`, three thousand and more on the
/// others. Campaigns do more than wait: where power is lost at every moment, logs pass five hundred times
/// as fast as in real time and stores a thousand times, of which pauses of clients are a good part.
///
/// The network of a simulated host is its loopback interface, and names in its file system: streams and
/// datagrams, polls, deadlines, pools of buffers, and what goes wrong with them. Bytes over a port are
/// under way for some microseconds, in virtual time; a send that has ended has not arrived.
///
/// ```java
/// Faults faults = new Faults();
/// faults.reset().inFiles("port-7777").withOdds(0.01); // Breaks connections to that port.
/// faults.shortTransfer(SimOperation.SEND).at(3);
/// faults.delay(Duration.ofMillis(200)).withOdds(0.1);
/// SimScheduler host = new SimScheduler(seed, new SimDisk(), faults);
/// host.run(() -> {
///   try (Bus bus = Bus.open(BusOptions.defaults().withScheduler(host))) {
///     host.start("client", () -> talk()); // Over a bus of its own.
///     serve(bus);
///   }
/// });
/// ```
///
/// In full: `dev.iobus.examples.SimulatedEcho`.
///
/// Invariants.
/// 1. The same seed gives the same run, on every host: [dev.iobus.sim.SimScheduler#traceHash()].
/// 2. What was made durable is there after every crash; the rest may be there or not, in every
///    combination that a disk may leave.
/// 3. Memory that belongs to the kernel, and each buffer of a pool that nobody has taken, is watched:
///    who touches it ends the simulation.
///
/// Start at [dev.iobus.sim.SimScheduler]. Nothing of the rest of the library refers to this
/// package: a bus finds its backend through `dev.iobus.backend.SimulatedHost`.
@NullMarked
package dev.iobus.sim;

import org.jspecify.annotations.NullMarked;
