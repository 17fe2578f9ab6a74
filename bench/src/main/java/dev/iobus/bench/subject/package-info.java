/// The stores that are measured, behind one small interface, one file each.
///
/// A [SubjectProvider] opens a [Subject]; this store is [IobusProvider], the peers are in a source
/// root of their own and are found as services when the harness was built with the profile `peers`.
/// [Subjects] knows all that are there.
///
/// Invariants:
/// 1. All subjects of a row promise the same: see [Sync].
/// 2. All get the same memory: see [SubjectSettings].
/// 3. Keys are ordered as unsigned bytes.
///
/// Start at [Subject].
@NullMarked
package dev.iobus.bench.subject;

import org.jspecify.annotations.NullMarked;
