/// The newest entries of a keyspace, in memory until they are flushed to a table.
///
/// A [Memtable] takes entries from many writers at once and is read without locks. Its entries lie
/// in a skip list of off-heap nodes, which a bump allocator hands out of one block of memory that
/// was taken from the memory budget when the memtable was made.
///
/// ```
///  reserve under the commit lock → add by each writer → seal → flush through a cursor → close
/// ```
///
/// Invariants:
/// 1. What was reserved can be added: no allocation from the system, no wait, no failure.
/// 2. An entry, once linked, never moves and never changes; nothing is removed.
/// 3. Memory is given back when the owner has closed the memtable and no reader holds it.
///
/// Start at [Memtable].
@NullMarked
package dev.iobus.kv.memtable;

import org.jspecify.annotations.NullMarked;
