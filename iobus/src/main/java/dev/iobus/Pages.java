package dev.iobus;

/// The pages of the memory that [Bus#newBuffer(long, Pages)] makes.
public enum Pages {
  /// Those of the host, mostly 4 KiB.
  NORMAL,

  /// Large ones, 2 MiB on x86-64: pages that were reserved for this (`vm.nr_hugepages`) where there
  /// are enough, else transparent ones. The kernel registers such a buffer faster (2 MiB in 4 µs
  /// instead of 37, measured on Linux 6.18), and its transfers have fewer parts; making it takes some
  /// milliseconds. The length is rounded up to whole pages, which all count against the limit on
  /// locked memory (`ulimit -l`). io_uring; elsewhere as NORMAL.
  HUGE
}
