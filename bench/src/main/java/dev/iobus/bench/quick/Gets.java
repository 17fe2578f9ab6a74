package dev.iobus.bench.quick;

import dev.iobus.bench.measure.MismatchException;
import dev.iobus.bench.measure.Stopwatch;
import dev.iobus.bench.subject.Subject;
import java.io.IOException;

/// Gets of input keys whose answers are compared with the model; the comparison is outside the
/// latency and inside the rate. Thread-safe.
final class Gets {

  private final Subject subject;
  private final Model model;
  private final long seed;

  Gets(Bed bed) {
    this.subject = bed.subject();
    this.model = bed.model();
    this.seed = bed.settings().seed();
  }

  /// Gets the key whose place in the order is `index`.
  long inOrder(long index, Stopwatch stopwatch) throws IOException, MismatchException {
    return get((int) index, stopwatch);
  }

  /// Gets a key that `index` and the seed decide, each with the same odds.
  long random(long index, Stopwatch stopwatch) throws IOException, MismatchException {
    long bits = mix(seed + index);
    return get((int) Math.unsignedMultiplyHigh(bits, model.input().count()), stopwatch);
  }

  private long get(int index, Stopwatch stopwatch) throws IOException, MismatchException {
    byte[] key = model.input().key(index);
    byte[] found = subject.get(key);
    stopwatch.stop();
    model.check(index, found);
    return found == null ? key.length : key.length + found.length;
  }

  /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): neighbours become unrelated.
  private static long mix(long index) {
    long z = index * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
