package dev.iobus.bench.workload;

/// Numbers that look random and are decided by a number: what a step does depends on its index and
/// the seed alone, so that workers share nothing and a run can be repeated. Stateless.
public final class Scatter {

  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private Scatter() {}

  /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): neighbours become unrelated.
  public static long mix(long number) {
    long z = number * GOLDEN + GOLDEN;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /// A number from 0 to `count` − 1, each with the same odds.
  ///
  /// @param bits what [#mix(long)] gave
  /// @param count at least 1
  public static long below(long bits, long count) {
    return Math.unsignedMultiplyHigh(bits, count);
  }

  /// A number from 0 (included) to 1 (excluded).
  ///
  /// @param bits what [#mix(long)] gave
  public static double unit(long bits) {
    return (bits >>> 11) * 0x1p-53;
  }

  /// The numbers 0 to `count` − 1 in an order that the seed decides (Fisher and Yates).
  public static int[] shuffled(int count, long seed) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = (int) below(mix(seed + i), i + 1L);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
