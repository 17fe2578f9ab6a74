/// An embedded, ordered key-value store: an LSM tree over the log, the page cache and the bus.
///
/// ```
/// try (Store store = Store.open(Path.of("data"))) {
///   store.put("key".getBytes(UTF_8), "value".getBytes(UTF_8)); // on stable storage on return
///   byte[] value = store.get("key".getBytes(UTF_8));
/// }
/// ```
///
/// The nouns, in the order to read them: a [Store] is one directory. A [WriteBatch] is what is
/// applied as one; its bytes are the log record ([LogRecordFormat]). The [CommitPipeline] gives it
/// sequences, a place in the log and room in a memtable, and publishes it in order
/// ([CommitRing]). [Memtables] are the active one and those that wait to become tables. A
/// [ReadView] is all places to look at one moment; a [Snapshot] is a sequence that stays readable;
/// a [Cursor] walks over what one sequence sees. [BackgroundWork] flushes and compacts. [Recovery]
/// makes a live store of a directory, and [StoreClosing] ends it.
///
/// ```
/// write ─► WriteStall ─► CommitPipeline ─┬─► Wal                     (durable)
///                                        └─► active memtable         (visible when published)
///                                              │ full: sealed
///                                 store-flush  ▼
///                                            level 0 ──► level 1 ──► …   store-compact
/// get ──► ReadView: memtables, newest first ─► level 0, newest first ─► one table a level
/// ```
///
/// Invariants:
/// 1. Sequence, log place and memtable are taken under one lock: a memtable is a range of the log,
///    and what readers see is always a prefix of the commits.
/// 2. Nothing waits or fails between reserve and the mark that a commit is done; what fails there
///    nevertheless, a failed write and a failed sync end all writing until the store is opened
///    again.
/// 3. What the manifest makes obsolete is deleted or recycled only when the edit and a mark behind
///    it are durable.
/// 4. What is read stays: memtables and tables live as long as a view, a cursor or a lease holds
///    them.
/// 5. Threads, waiting, time and randomness come from [dev.iobus.Scheduler] alone.
///
/// Start at [Store].
@NullMarked
package dev.iobus.kv;

import org.jspecify.annotations.NullMarked;
