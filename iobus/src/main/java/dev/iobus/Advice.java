package dev.iobus;

/// How a range of a file is going to be used, posix_fadvise(2). The kernel may do nothing of it.
public enum Advice {
  /// No advice: takes back what was said before.
  NORMAL(0),
  /// In random order: no reading ahead.
  RANDOM(1),
  /// From the lower offsets to the higher ones: read farther ahead.
  SEQUENTIAL(2),
  /// Soon: begin to read the range into the page cache.
  WILL_NEED(3),
  /// Not soon: drop the range from the page cache. Pages that are not on the device yet stay, so
  /// sync first; pages that the range covers only in part may stay.
  DONT_NEED(4),
  /// Once: do not keep it for its use now. Linux heeds it since 6.3.
  NO_REUSE(5);

  /// `POSIX_FADV_…` of `linux/fadvise.h`.
  final int number;

  Advice(int number) {
    this.number = number;
  }
}
