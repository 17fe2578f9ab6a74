package dev.iobus.bench.review;

import java.io.IOException;
import java.util.Map;

/// The unit of a JMH score: operations per time, or time per operation. Immutable.
///
/// @param nanos the length of the unit of time
/// @param isTime whether the score is a time per operation
record JmhUnit(double nanos, boolean isTime) {

  private static final String RATE = "ops/";
  private static final String TIME = "/op";

  private static final Map<String, Double> NANOS =
      Map.of(
          "ns", 1.0,
          "us", 1e3,
          "ms", 1e6,
          "s", 1e9,
          "min", 60e9,
          "hr", 3_600e9,
          "day", 86_400e9);

  /// @param source the file, for messages
  static JmhUnit parse(String unit, String source) throws IOException {
    boolean rate = unit.startsWith(RATE);
    boolean time = unit.endsWith(TIME);
    String name =
        rate
            ? unit.substring(RATE.length())
            : time ? unit.substring(0, unit.length() - TIME.length()) : "";
    Double nanos = NANOS.get(name);
    if (nanos == null) {
      throw new IOException(
          source + " has scores in '" + unit + "', expected a unit such as ops/s or ns/op");
    }
    return new JmhUnit(nanos, time);
  }

  /// A score as operations per second of all threads.
  double perSecond(double score, int threads) {
    return isTime ? threads * 1e9 / (score * nanos) : score * 1e9 / nanos;
  }
}
