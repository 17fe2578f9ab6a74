package dev.iobus.kv;

import java.util.TreeMap;

/// The sequences that somebody may still read at. Guarded by the state's lock.
final class Snapshots {

  /// How many hold each sequence.
  private final TreeMap<Long, Integer> holders = new TreeMap<>();

  void add(long sequence) {
    holders.merge(sequence, 1, Integer::sum);
  }

  void remove(long sequence) {
    holders.computeIfPresent(sequence, (key, count) -> count == 1 ? null : count - 1);
  }

  /// The sequences to merge for, ascending, each once: those held, and what is published now.
  long[] boundaries(long published) {
    long[] all = new long[holders.size() + 1];
    int count = 0;
    for (long sequence : holders.keySet()) {
      if (sequence < published) {
        all[count++] = sequence;
      }
    }
    all[count++] = published;
    return java.util.Arrays.copyOf(all, count);
  }
}
