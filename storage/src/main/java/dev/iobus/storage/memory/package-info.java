/// One number for the memory of a store, and who holds how much of it.
///
/// A [MemoryBudget][dev.iobus.storage.memory.MemoryBudget] is the number;
/// a [Account][dev.iobus.storage.memory.MemoryBudget.Account] is one owner's part of it, with
/// a floor that no other owner can take. Bytes are reserved **before** they are allocated, and
/// given back after they were freed; the sum of all reservations is never above the limit. Counted
/// are off-heap bytes and heap arrays of 4 KiB and more.
///
/// Start at [MemoryBudget][dev.iobus.storage.memory.MemoryBudget].
@NullMarked
package dev.iobus.storage.memory;

import org.jspecify.annotations.NullMarked;
