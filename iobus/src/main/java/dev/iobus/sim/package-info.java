/// A simulated host for tests of storage code: a disk that says what a loss of power leaves, and in
/// which everything that is undecided is decided by one seed.
///
/// The nouns, in order: a **disk** ([dev.iobus.sim.SimDisk]) keeps live and durable bytes and names
/// apart. A **crash** is what a loss of power at one moment leaves of a disk, chosen by a seed among
/// all that may be left.
///
/// Nothing of the rest of the library refers to this package.
@NullMarked
package dev.iobus.sim;

import org.jspecify.annotations.NullMarked;
