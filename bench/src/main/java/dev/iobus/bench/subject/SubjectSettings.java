package dev.iobus.bench.subject;

import dev.iobus.BackendKind;
import org.jspecify.annotations.Nullable;

/// What all subjects of a row get, so that none has more than another. Immutable.
///
/// @param memoryBytes for everything that a store keeps in memory, cached blocks and memtables
///     alike; a store that lives in the kernel's page cache gets it from the control group around
///     the process
/// @param dataBytes of keys and values that the store will hold, as far as that is known; 0 when not
/// @param compression whether blocks are compressed, with LZ4 where the store has it
/// @param usual what most writes will wait for; a store may choose its kind of log by it
/// @param backend of this store; null for the best that the host allows
public record SubjectSettings(
    long memoryBytes,
    long dataBytes,
    boolean compression,
    Sync usual,
    @Nullable BackendKind backend) {

  /// Whether the data is known not to fit.
  public boolean exceedsMemory() {
    return dataBytes > memoryBytes;
  }
}
