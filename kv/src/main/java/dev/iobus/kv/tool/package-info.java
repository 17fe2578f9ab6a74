/// A small command line for one store: get, put, delete, scan, verify, stats.
///
/// [Tool] does what an [Invocation] asks for; a [TextForm] says how keys and values look as text.
/// Results go to standard output, everything else to standard error; the exit code tells whether
/// it worked.
///
/// Invariants:
/// 1. Only `put` creates a store.
/// 2. `put` and `delete` return 0 only when the write was acknowledged at the chosen durability.
///
/// Start at [Tool].
@NullMarked
package dev.iobus.kv.tool;

import org.jspecify.annotations.NullMarked;
