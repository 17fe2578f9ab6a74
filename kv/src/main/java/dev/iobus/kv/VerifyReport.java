package dev.iobus.kv;

/// What [Store#verify] has read and found intact.
///
/// @param tables tables on disk
/// @param blocks their blocks
/// @param entries their entries, deletions and hidden versions included
/// @param bytes bytes of the tables' files
public record VerifyReport(int tables, long blocks, long entries, long bytes) {}
