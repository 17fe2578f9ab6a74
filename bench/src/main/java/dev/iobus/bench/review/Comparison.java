package dev.iobus.bench.review;

import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/// Two results, row by row. Immutable.
///
/// @param deltas of the rows that both have, in the order of the older one
/// @param onlyOld rows that the newer one lacks
/// @param onlyNew rows that the older one lacks
/// @param differences of what they were measured on and with
/// @param otherFacts that differ and decide nothing
record Comparison(
    List<Delta> deltas,
    List<String> onlyOld,
    List<String> onlyNew,
    List<Difference> differences,
    List<Difference> otherFacts) {

  /// These differ between any two runs.
  private static final Set<String> ALWAYS_DIFFERENT = Set.of("commit", "date");

  /// Facts that options decide, and numbers depend on.
  private static final Set<String> SETTINGS = Set.of("data", "time", "file", "transfers");

  private static final String ABSENT = "(absent)";

  /// One thing that two results do not share.
  record Difference(String name, String before, String after) {}

  /// @param threshold the share up to which a change of the rate is none, above 0
  static Comparison of(Result old, Result now, double threshold) {
    SequencedMap<String, SequencedMap<String, List<Run>>> before = Rows.of(old).workloads();
    SequencedMap<String, SequencedMap<String, List<Run>>> after = Rows.of(now).workloads();
    List<Delta> deltas = new ArrayList<>();
    before.forEach(
        (workload, subjects) ->
            subjects.forEach(
                (subject, runs) -> {
                  List<Run> later = runs(after, workload, subject);
                  if (!later.isEmpty()) {
                    deltas.add(Delta.of(workload, subject, runs, later, threshold));
                  }
                }));
    List<Difference> differences = new ArrayList<>();
    if (!old.job().equals(now.job())) {
      differences.add(new Difference("job", old.job(), now.job()));
    }
    differences.addAll(differences(old.environment(), now.environment()));
    List<Difference> facts = differences(old.facts(), now.facts());
    facts.stream().filter(fact -> SETTINGS.contains(fact.name())).forEach(differences::add);
    return new Comparison(
        List.copyOf(deltas),
        missing(before, after),
        missing(after, before),
        List.copyOf(differences),
        facts.stream().filter(fact -> !SETTINGS.contains(fact.name())).toList());
  }

  private static List<Run> runs(
      SequencedMap<String, SequencedMap<String, List<Run>>> rows, String workload, String subject) {
    SequencedMap<String, List<Run>> subjects = rows.get(workload);
    return subjects == null ? List.of() : subjects.getOrDefault(subject, List.of());
  }

  /// The rows of `rows` that `others` lacks.
  private static List<String> missing(
      SequencedMap<String, SequencedMap<String, List<Run>>> rows,
      SequencedMap<String, SequencedMap<String, List<Run>>> others) {
    List<String> missing = new ArrayList<>();
    rows.forEach(
        (workload, subjects) ->
            subjects.forEach(
                (subject, runs) -> {
                  if (runs(others, workload, subject).isEmpty()) {
                    missing.add(workload + ", " + subject);
                  }
                }));
    return List.copyOf(missing);
  }

  private static List<Difference> differences(
      Map<String, String> before, Map<String, String> after) {
    Set<String> names = new LinkedHashSet<>(before.keySet());
    names.addAll(after.keySet());
    names.removeAll(ALWAYS_DIFFERENT);
    List<Difference> differences = new ArrayList<>();
    for (String name : names) {
      String old = before.getOrDefault(name, ABSENT);
      String now = after.getOrDefault(name, ABSENT);
      if (!old.equals(now)) {
        differences.add(new Difference(name, old, now));
      }
    }
    return List.copyOf(differences);
  }

  /// How many rows have `verdict`.
  long count(Delta.Verdict verdict) {
    return deltas.stream().filter(delta -> delta.verdict() == verdict).count();
  }
}
