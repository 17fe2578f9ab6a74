/// Tries the log and the store on simulated hosts, with seed after seed, until the time is over or
/// something does not hold.
///
/// What is tried is a [dev.iobus.sim.Scenario]. Scenarios are test code of the module that they try,
/// where its own tests run a few seeds of them; this command takes them from those modules' test
/// jars, which hold nothing else, and runs as many as there is time for.
///
/// - [TortureCommand] is the command line.
/// - [Torture] runs seeds on several threads and keeps the first that fails.
/// - [SimulationCost] measures what a simulation costs here.
///
/// Start at [TortureCommand].
@NullMarked
package dev.iobus.bench.torture;

import org.jspecify.annotations.NullMarked;
