/// A log on a simulated host, in several lives that seeds decide: what its writers do, what goes
/// wrong, and how each life ends. Only the public face of `dev.iobus.storage` is used.
///
/// - A plan is a list of [LogPart]s; [LogPlans] makes one of a seed.
/// - [LogScenario] carries one out; [LogLife] is what happens between an opening and its end.
/// - [LogModel] says what a log may give back. It knows nothing of how a log works.
///
/// Start at [LogScenario].
@NullMarked
package dev.iobus.storage.simulation;

import org.jspecify.annotations.NullMarked;
