package dev.iobus.bench.subject;

import org.jspecify.annotations.Nullable;

/// One change of a batch.
///
/// @param key whose entry
/// @param value the new value; null to delete
public record Change(byte[] key, byte @Nullable [] value) {}
