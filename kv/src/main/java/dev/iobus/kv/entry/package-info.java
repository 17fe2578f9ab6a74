/// The words that every part of the store shares.
///
/// An *entry* is a user key, a tag (sequence and [EntryKind]) and a value; [InternalKey] gives its
/// order. Memtables and tables offer their entries through an [EntryCursor]; a [MergingCursor]
/// makes one walk of many; a [VisibleCursor] shows what one snapshot sees of it. A point read
/// answers with a [Lookup].
///
/// ```
///  memtable, table, table …  →  MergingCursor  →  VisibleCursor  →  what the user walks over
///      (EntryCursor)             (EntryCursor)
/// ```
///
/// Invariants:
/// 1. Entries are ordered by user key (unsigned bytes, a prefix first), then by tag, larger first:
///    the newest version of a key is met first.
/// 2. No two entries of a store have the same user key and tag.
/// 3. An entry of a kind that this version cannot serve is an exception, never skipped.
///
/// Start at [InternalKey], then [EntryCursor].
@NullMarked
package dev.iobus.kv.entry;

import org.jspecify.annotations.NullMarked;
