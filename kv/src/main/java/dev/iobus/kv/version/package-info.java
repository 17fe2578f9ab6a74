/// Which tables there are: now, before, and after a crash.
///
/// A [Table] is one open table, a [TableInfo] what the manifest says of it. A [Version] is an
/// immutable set of tables per level; a [VersionEdit] leads from one version to the next; the
/// [Manifest] is the log of edits, its bytes are in [ManifestFormat]. The [VersionSet] has the
/// current version and those that are still read, and says which tables nobody needs any more.
/// [TableFiles] makes, opens and deletes the files.
///
/// ```
/// VersionEdit ─► Manifest (durable, then a mark) ─► Version n+1 becomes current
///                                                     └─ last reader of n gone ─► files deleted
/// ```
///
/// Invariants:
/// 1. Nothing is deleted that the newest durable manifest, or a reader, needs.
/// 2. A file number is never used twice; a file is what its random id says, not its name.
/// 3. The manifest is the truth: a table it names that is not there is corruption, a file it does
///    not name is removed.
///
/// Start at [VersionSet].
@NullMarked
package dev.iobus.kv.version;

import org.jspecify.annotations.NullMarked;
