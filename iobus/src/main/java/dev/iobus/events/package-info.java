/// What a bus tells the JDK's Flight Recorder, as it happens.
///
/// | event | when |
/// |---|---|
/// | `dev.iobus.SlowOperation` | an operation took as long as the threshold, 10 ms unless set |
/// | `dev.iobus.Fallback` | an opened bus does something another way than on the best host |
/// | `dev.iobus.CancelStorm` | a bus was asked for the 1,000th cancel within a second |
/// | `dev.iobus.PoolExhaustion` | a receive ended because all buffers of its pool were in use |
///
/// Invariants.
/// 1. While no recording asks for an event, it costs a look at a constant and allocates nothing.
/// 2. Without the module `jdk.jfr` nothing is told, and none of its classes is loaded; before the
///    recorder has run for the first time, none that has an event.
///
/// Imports nothing of this module; [dev.iobus.events.BusEvents] is all that others see. The package
/// is not exported.
@NullMarked
package dev.iobus.events;

import org.jspecify.annotations.NullMarked;
