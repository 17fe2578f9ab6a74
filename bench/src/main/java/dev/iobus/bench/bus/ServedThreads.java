package dev.iobus.bench.bus;

import java.util.Locale;

/// Which threads of a job had a transfer: a rate tells nothing of those that waited for their first one
/// all the time. Elements are set by any thread and read when all have ended.
final class ServedThreads {

  private final boolean[] served;

  ServedThreads(int count) {
    served = new boolean[count];
  }

  /// By each thread, when a transfer of its own has ended.
  void add(int thread) {
    served[thread] = true;
  }

  /// What to say behind other words: nothing where all were served, or none has run.
  String describe() {
    int count = 0;
    for (boolean one : served) {
      count += one ? 1 : 0;
    }
    return count == 0 || count == served.length
        ? ""
        : String.format(
            Locale.ROOT, "; of %,d threads only %,d had transfers", served.length, count);
  }
}
