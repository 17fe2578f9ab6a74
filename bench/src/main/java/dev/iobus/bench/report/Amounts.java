package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/// Numbers as people read them: three digits that matter and a unit of fitting size.
final class Amounts {

  /// Stands for what was not measured.
  static final String ABSENT = "–";

  /// Keeps a number and its unit on one line.
  private static final char SPACE = '\u00a0';

  private static final String[] RATES = {"/s", "K/s", "M/s", "G/s"};
  private static final String[] TIMES = {"ns", "µs", "ms", "s"};
  private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final MathContext DIGITS = new MathContext(3);

  private Amounts() {}

  /// `value` of `metric` with its unit; a dash for NaN.
  static String of(Metric metric, double value) {
    if (Double.isNaN(value)) {
      return ABSENT;
    }
    if (value == 0) {
      return "0";
    }
    if (metric == Metric.MEGABYTES_PER_SECOND) {
      return number(value) + SPACE + "MB/s";
    }
    return switch (metric.unit()) {
      case RATE -> scaled(value, 1_000, RATES);
      case NANOS -> scaled(value, 1_000, TIMES);
      case BYTES -> scaled(value, 1_024, SIZES);
      case FACTOR -> number(value);
      case COUNT -> String.format(Locale.ROOT, "%,.0f", value);
      case SHARE -> percent(value);
    };
  }

  /// Two values of `metric`, the unit once where both have the same.
  static String range(Metric metric, double least, double most) {
    String from = of(metric, least);
    String to = of(metric, most);
    if (from.equals(to)) {
      return to;
    }
    int unit = from.indexOf(SPACE);
    boolean same = unit >= 0 && to.endsWith(from.substring(unit));
    return (same ? from.substring(0, unit) : from) + "–" + to;
  }

  /// A power of ten of operations per second, as a scale has it.
  static String decade(double rate) {
    return of(Metric.OPERATIONS_PER_SECOND, rate).replaceAll("[.]0+|/s|\\h", "");
  }

  /// How many times as much.
  static String ratio(double value) {
    return Double.isNaN(value) ? ABSENT : number(value) + "×";
  }

  /// A share of 1 in percent.
  static String percent(double share) {
    return Double.isNaN(share) ? ABSENT : number(share * 100) + SPACE + "%";
  }

  private static String scaled(double value, int step, String[] units) {
    double rest = rounded(value);
    int unit = 0;
    while (Math.abs(rest) >= step && unit < units.length - 1) {
      rest = rounded(rest / step);
      unit++;
    }
    return number(rest) + SPACE + units[unit];
  }

  private static String number(double value) {
    double rounded = rounded(value);
    double size = Math.abs(rounded);
    if (size < 0.001) {
      return "<0.001";
    }
    int decimals = size < 0.1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0;
    return String.format(Locale.ROOT, "%,." + decimals + "f", rounded);
  }

  private static double rounded(double value) {
    return new BigDecimal(value).round(DIGITS).doubleValue();
  }
}
