/// What shows only after a long time or by chance: random operations that are cancelled, timed out,
/// chained and cut off by a close; busses opened and closed by the thousand that leave nothing
/// behind; threads that end under their requests.
///
/// [dev.iobus.endurance.BusMachine] is a bus beside a model of it; a seed or a list of steps drives
/// both. Each test is over in a second; `mvn verify -Pendurance -pl iobus -am` runs them for minutes.
@NullMarked
package dev.iobus.endurance;

import org.jspecify.annotations.NullMarked;
