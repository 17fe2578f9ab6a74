package dev.iobus;

/// The pages of the memory that [Bus#newBuffer(long, Pages)] makes.
public enum Pages {
  /// Those of the host, mostly 4 KiB.
  NORMAL,

  /// Large ones, 2 MiB on x86-64: pages that were reserved for this (`vm.nr_hugepages`) where there
  /// are enough, else transparent ones. The kernel registers such a buffer faster, and its transfers
  /// have fewer parts. The length is rounded up to whole pages, which all count against the limit on
  /// locked memory (`ulimit -l`). io_uring; elsewhere as NORMAL.
  HUGE
}
