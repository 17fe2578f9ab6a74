/// The files of one data directory: who may open it, how its files are named, created and begun.
///
/// Nouns, in the order to read them:
///
/// - [DataDirectory][dev.iobus.storage.file.DataDirectory]: one directory, opened once by real
///   path and locked; makes, opens, renames and deletes files by generated names.
/// - [DataFile][dev.iobus.storage.file.DataFile]: positional transfers and syncs of one file.
/// - [Claim][dev.iobus.storage.file.Claim]: the right to be the only writer of a log or a file.
/// - [FileHeader][dev.iobus.storage.file.FileHeader]: the first bytes of every file, with its
///   [FileKind][dev.iobus.storage.file.FileKind].
/// - [Encoding][dev.iobus.storage.file.Encoding] and
///   [Checksum][dev.iobus.storage.file.Checksum]: bytes of all formats.
/// - [CorruptionException][dev.iobus.storage.file.CorruptionException],
///   [FormatVersionException][dev.iobus.storage.file.FormatVersionException],
///   [DirectoryLockedException][dev.iobus.storage.file.DirectoryLockedException]: how it fails.
///
/// ```
/// DataDirectory ── lock ── "lock" (pid, start, host; held by the kernel)
///   └── DataFile ── | FileHeader, 64 bytes | zeros up to 4 KiB | the format's own bytes …
/// ```
///
/// Invariants:
///
/// 1. At most one process, and in it one [DataDirectory][dev.iobus.storage.file.DataDirectory],
///    has a directory open. The kernel keeps the lock until the last write of a killed process
///    has landed.
/// 2. Only names that match `[a-z0-9.-]{1,64}` are touched, never a symbolic link. A file `lock`
///    that is no lock is refused and left as it is.
/// 3. A sync that failed is final for its file: no later write or sync of it succeeds.
/// 4. A new file is written, synced, and its directory synced, before anything refers to it; that
///    order is the caller's.
/// 5. A log, a manifest or a page file has one owner at a time, and the lock is not given back
///    under it.
///
/// Start at [DataDirectory][dev.iobus.storage.file.DataDirectory].
@NullMarked
package dev.iobus.storage.file;

import org.jspecify.annotations.NullMarked;
