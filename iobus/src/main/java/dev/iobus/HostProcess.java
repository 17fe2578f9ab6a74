package dev.iobus;

/// A process, as others may name it. Immutable.
///
/// @param pid process id on `host`
/// @param start when it began, in milliseconds since 1970 UTC; 0 when unknown
/// @param host name of its machine or container: letters, digits, `.`, `_` and `-`, at most 253
public record HostProcess(long pid, long start, String host) {}
