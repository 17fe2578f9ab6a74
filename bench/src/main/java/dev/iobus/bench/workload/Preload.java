package dev.iobus.bench.workload;

/// What a subject holds when a workload begins.
public enum Preload {
  /// Nothing.
  EMPTY,
  /// All records, merged; the workload changes nothing, so that it may run again on the same files.
  LOADED,
  /// All records, merged, in a copy of its own.
  COPY,
  /// What a process left that died while it wrote.
  CRASHED
}
