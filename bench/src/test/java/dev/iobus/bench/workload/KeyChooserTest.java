package dev.iobus.bench.workload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The generators against their theory, by Pearson's chi-square test.
final class KeyChooserTest {

  private static final int DRAWS = 400_000;

  /// A right generator fails so rarely; seeds are fixed, so that it does not fail at all.
  private static final double SIGNIFICANCE = 0.001;

  private static double probability(double[] expected, long[] observed) {
    return new ChiSquareTest().chiSquareTest(expected, observed);
  }

  /// The odds of the ranks 1 to `count`.
  private static double[] zipf(int count, double exponent) {
    double[] odds = new double[count];
    for (int k = 1; k <= count; k++) {
      odds[k - 1] = Math.pow(k, -exponent);
    }
    double sum = Arrays.stream(odds).sum();
    return Arrays.stream(odds).map(odd -> odd / sum).toArray();
  }

  private static long[] ranks(int count, double exponent) {
    Zipfian zipfian = new Zipfian(count, exponent);
    long[] observed = new long[count];
    for (int i = 0; i < DRAWS; i++) {
      observed[(int) zipfian.rank(Scatter.mix(i)) - 1]++;
    }
    return observed;
  }

  @ParameterizedTest
  @CsvSource({"1000, 0.99", "1000, 1", "1000, 0.5", "200, 2", "2, 0.99", "10, 3"})
  void zipfianFollowsTheory(int count, double exponent) {
    assertTrue(probability(zipf(count, exponent), ranks(count, exponent)) > SIGNIFICANCE);
  }

  /// The test must be able to tell: a hundredth more in the exponent is noticed.
  @Test
  void otherExponentIsNoticed() {
    assertTrue(probability(zipf(1_000, 1.00), ranks(1_000, 0.98)) < SIGNIFICANCE);
  }

  /// Many ranks, counted in groups that double, so that none is too rare.
  @Test
  void zipfianOfManyFollowsTheory() {
    int count = 1 << 20;
    double[] odds = zipf(count, KeyChooser.YCSB_EXPONENT);
    double[] expected = new double[21];
    long[] observed = new long[21];
    for (int k = 1; k <= count; k++) {
      expected[31 - Integer.numberOfLeadingZeros(k)] += odds[k - 1];
    }
    Zipfian zipfian = new Zipfian(count, KeyChooser.YCSB_EXPONENT);
    for (int i = 0; i < DRAWS; i++) {
      observed[63 - Long.numberOfLeadingZeros(zipfian.rank(Scatter.mix(i)))]++;
    }
    assertTrue(probability(expected, observed) > SIGNIFICANCE);
  }

  @Test
  void uniformFollowsTheory() {
    int count = 1_000;
    KeyChooser chooser = KeyChooser.uniform(count);
    long[] observed = new long[count];
    for (int i = 0; i < DRAWS; i++) {
      observed[(int) chooser.choose(Scatter.mix(i))]++;
    }
    double[] expected = new double[count];
    Arrays.fill(expected, 1.0 / count);
    assertTrue(probability(expected, observed) > SIGNIFICANCE);
  }

  @Test
  void latestFollowsTheoryAsRecordsAreAdded() {
    int loaded = 1_000;
    for (int added : new int[] {0, 500}) {
      KeyChooser chooser =
          KeyChooser.latest(loaded, () -> loaded + added, KeyChooser.YCSB_EXPONENT);
      long[] observed = new long[loaded];
      for (int i = 0; i < DRAWS; i++) {
        long age = loaded + added - 1 - chooser.choose(Scatter.mix(i));
        observed[(int) age]++;
      }
      assertTrue(probability(zipf(loaded, KeyChooser.YCSB_EXPONENT), observed) > SIGNIFICANCE);
    }
  }

  /// Scrambling moves the hot records over all keys and keeps how hot they are.
  @Test
  void scrambledZipfianSpreadsItsHotRecords() {
    int count = 100_000;
    KeyChooser chooser = KeyChooser.zipfian(count, KeyChooser.YCSB_EXPONENT);
    int[] hits = new int[count];
    for (int i = 0; i < DRAWS; i++) {
      hits[(int) chooser.choose(Scatter.mix(i))]++;
    }
    int[] sorted = hits.clone();
    Arrays.sort(sorted);
    double hottest = sorted[count - 1] / (double) DRAWS;
    assertEquals(zipf(count, KeyChooser.YCSB_EXPONENT)[0], hottest, 0.005);
    long lowHalf = Arrays.stream(hits, 0, count / 2).asLongStream().sum();
    assertEquals(0.5, lowHalf / (double) DRAWS, 0.15);
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Zipfian(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Zipfian(10, 0));
    assertThrows(IllegalArgumentException.class, () -> new Zipfian(10, Double.NaN));
    assertEquals(1, new Zipfian(1, 0.99).rank(Scatter.mix(7)));
  }

  @Test
  void shuffledHoldsEachNumberOnce() {
    int[] order = Scatter.shuffled(1_000, 7);
    int[] sorted = order.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; i++) {
      assertEquals(i, sorted[i]);
    }
    assertTrue(!Arrays.equals(order, sorted));
    assertTrue(!Arrays.equals(order, Scatter.shuffled(1_000, 8)));
  }

  @Test
  void mixesHaveTheirShares() {
    for (Workload workload : Workload.values()) {
      if (!workload.label().startsWith("ycsb")) {
        continue;
      }
      Mix mix = Mix.of(workload);
      Map<Mix.Kind, Integer> counts = new EnumMap<>(Mix.Kind.class);
      for (int i = 0; i < 100_000; i++) {
        counts.merge(mix.kind(Scatter.unit(Scatter.mix(i))), 1, Integer::sum);
      }
      assertEquals(mix.reads(), share(counts, Mix.Kind.READ), 0.01);
      assertEquals(mix.updates(), share(counts, Mix.Kind.UPDATE), 0.01);
      assertEquals(mix.inserts(), share(counts, Mix.Kind.INSERT), 0.01);
      assertEquals(mix.walks(), share(counts, Mix.Kind.WALK), 0.01);
    }
  }

  private static double share(Map<Mix.Kind, Integer> counts, Mix.Kind kind) {
    return counts.getOrDefault(kind, 0) / 1e5;
  }
}
