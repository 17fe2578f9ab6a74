package dev.iobus.sim;

/// Everything that happened, in one number: two runs with the same number did the same. Confined to
/// the task that runs.
final class Trace {

  private long hash = 0x9e3779b97f4a7c15L;
  private long events;

  void add(long a, long b) {
    hash = mix(mix(hash, a), b);
    events++;
  }

  void add(String text) {
    hash = mix(hash, text.hashCode());
  }

  long hash() {
    return hash;
  }

  long events() {
    return events;
  }

  /// The finaliser of SplitMix64 over both.
  static long mix(long hash, long value) {
    long z = (hash ^ value) + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
