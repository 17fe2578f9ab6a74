/// Keeping levels in shape: what is overwritten or deleted, and seen by nobody, is left behind.
///
/// The [CompactionPicker] chooses a [CompactionPlan] from a version and the [LevelSizes]; a
/// [Compaction] carries it out and yields a version edit; [Retention] decides which versions of a
/// key somebody can still see, for compaction and for flush.
///
/// ```
/// level 0   ▯▯▯▯        memtables as they were flushed; they overlap
/// level 1   ▭▭▭▭▭       disjoint, sorted; each deeper level ten times as large
/// level 2   ▭▭▭▭▭▭▭▭▭▭
/// ```
///
/// Invariants:
/// 1. For one key, what is in a level is newer than what is in a deeper one.
/// 2. All versions of a key are in one table of a level below 0.
/// 3. A deletion is dropped only where nothing older can lie below.
///
/// Start at [CompactionPicker].
@NullMarked
package dev.iobus.kv.compaction;

import org.jspecify.annotations.NullMarked;
