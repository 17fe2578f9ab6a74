package dev.iobus.bench.report;

import dev.iobus.bench.result.Spread;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// What the script draws; its components are the names that the script reads. Immutable.
///
/// @param step between the points of a percentile curve; see [PercentileCurve]
/// @param subjects in the order of [Findings#subjects()]
/// @param workloads in the order of the rows
record ChartData(double step, List<Subject> subjects, List<Workload> workloads) {

  /// @param slot the colour
  record Subject(String name, int slot) {}

  /// @param latency a curve for each subject that has one
  /// @param series a band for each subject that has one
  record Workload(String name, List<Curve> latency, List<Band> series) {}

  /// @param subject its place in [ChartData#subjects]
  record Curve(int subject, List<Long> nanos) {}

  /// @param subject its place in [ChartData#subjects]
  /// @param seconds the length of an interval
  record Band(
      int subject, double seconds, List<Number> median, List<Number> least, List<Number> most) {}

  /// Digits are bytes of the page, and no eye sees more than four.
  private static final MathContext DIGITS = new MathContext(4);

  static ChartData of(Findings findings) {
    List<Subject> subjects =
        findings.subjects().stream()
            .map(name -> new Subject(name, findings.palette().slot(name)))
            .toList();
    return new ChartData(
        PercentileCurve.STEP,
        subjects,
        findings.workloads().stream()
            .map(workload -> workload(workload, findings.subjects()))
            .toList());
  }

  private static Workload workload(Findings.Workload workload, List<String> subjects) {
    List<Curve> curves = new ArrayList<>();
    List<Band> bands = new ArrayList<>();
    workload
        .subjects()
        .forEach(
            (subject, runs) -> {
              int index = subjects.indexOf(subject);
              List<Long> nanos = PercentileCurve.of(runs);
              if (!nanos.isEmpty()) {
                curves.add(new Curve(index, nanos));
              }
              if (SeriesBand.exists(runs)) {
                bands.add(band(index, SeriesBand.of(runs)));
              }
            });
    return new Workload(workload.name(), curves, bands);
  }

  private static Band band(int subject, SeriesBand band) {
    return new Band(
        subject,
        band.seconds(),
        rates(band, Spread::median),
        rates(band, Spread::least),
        rates(band, Spread::most));
  }

  private static List<Number> rates(SeriesBand band, ToDoubleFunction<Spread> which) {
    return band.spreads().stream().map(spread -> rounded(which.applyAsDouble(spread))).toList();
  }

  private static Number rounded(double value) {
    BigDecimal rounded = new BigDecimal(value).round(DIGITS);
    return value >= 1_000 ? (Number) rounded.longValue() : (Number) rounded.doubleValue();
  }
}
