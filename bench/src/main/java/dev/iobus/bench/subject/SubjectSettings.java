package dev.iobus.bench.subject;

import dev.iobus.BackendKind;
import org.jspecify.annotations.Nullable;

/// What all subjects of a row get, so that none has more than another. Immutable.
///
/// @param memoryBytes for everything that a store keeps in memory, cached blocks and memtables
///     alike; a store that lives in the kernel's page cache gets it from the control group around
///     the process
/// @param compression whether blocks are compressed, with LZ4 where the store has it
/// @param usual what most writes will wait for; a store may choose its kind of log by it
/// @param backend of this store; null for the best that the host allows
public record SubjectSettings(
    long memoryBytes, boolean compression, Sync usual, @Nullable BackendKind backend) {}
