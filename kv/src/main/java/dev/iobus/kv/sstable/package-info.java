/// Sorted tables: files that are written once, in order, and then only read.
///
/// A [SSTableWriter] takes sorted entries and leaves a file of blocks; a [SSTableReader] answers
/// point reads with its filter, its index and one block, and gives out [SSTableCursor]s. What lies
/// where is drawn in [SSTableFormat] (the file), [BlockFormat] (a block) and [IndexBlock].
///
/// ```
///  entries → BlockWriter → PageFit → Codec → checksum → file          (SSTableWriter)
///  key → BloomFilter → IndexBlock → page cache → BlockReader → value  (SSTableReader)
/// ```
///
/// Invariants:
/// 1. Every byte of a file is covered by a checksum that knows the file and the place.
/// 2. Nothing from a file is believed, and no memory taken for it, before it is checked.
/// 3. Filter and index of an open table are in memory that its owner's account paid for.
///
/// Start at [SSTableFormat].
@NullMarked
package dev.iobus.kv.sstable;

import org.jspecify.annotations.NullMarked;
