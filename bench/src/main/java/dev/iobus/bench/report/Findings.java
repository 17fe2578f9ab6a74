package dev.iobus.bench.report;

import dev.iobus.bench.result.Metric;
import dev.iobus.bench.result.Result;
import dev.iobus.bench.result.Rows;
import dev.iobus.bench.result.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.SequencedSet;

/// What the sections of the page look at. Immutable.
///
/// @param result all of it
/// @param workloads the rows; in each the reference comes first
/// @param subjects all subjects in the order in which they first ran; the first one is the
///     reference, to which the others are compared
/// @param palette the colours of the subjects
/// @param contests the reference against each peer in each workload that both ran, in the order of
///     the rows; only those with a known ratio
record Findings(
    Result result,
    List<Workload> workloads,
    List<String> subjects,
    Palette palette,
    List<Contest> contests) {

  /// One row.
  ///
  /// @param index its place, from 0 on
  /// @param name what was done
  /// @param subjects the runs of each subject
  record Workload(int index, String name, SequencedMap<String, List<Run>> subjects) {

    /// Where the page shows it.
    String anchor() {
      return "w" + index;
    }

    /// Whether any run of it has `metric`.
    boolean has(Metric metric) {
      return subjects.values().stream()
          .flatMap(List::stream)
          .anyMatch(run -> run.metrics().containsKey(metric));
    }
  }

  static Findings of(Result result) {
    SequencedMap<String, SequencedMap<String, List<Run>>> rows = Rows.of(result).workloads();
    SequencedSet<String> names = new LinkedHashSet<>();
    rows.values().forEach(subjects -> names.addAll(subjects.keySet()));
    List<String> subjects = List.copyOf(names);
    List<Workload> workloads = new ArrayList<>();
    rows.forEach(
        (name, runs) ->
            workloads.add(new Workload(workloads.size(), name, ordered(runs, subjects))));
    List<Contest> contests = new ArrayList<>();
    workloads.forEach(workload -> addContests(workload, subjects.getFirst(), contests));
    return new Findings(
        result, List.copyOf(workloads), subjects, Palette.of(subjects), List.copyOf(contests));
  }

  private static SequencedMap<String, List<Run>> ordered(
      SequencedMap<String, List<Run>> runs, List<String> subjects) {
    SequencedMap<String, List<Run>> ordered = new LinkedHashMap<>();
    for (String subject : subjects) {
      List<Run> own = runs.get(subject);
      if (own != null) {
        ordered.put(subject, own);
      }
    }
    return ordered;
  }

  private static void addContests(Workload workload, String reference, List<Contest> contests) {
    List<Run> ours = workload.subjects().get(reference);
    if (ours == null) {
      return;
    }
    workload
        .subjects()
        .forEach(
            (peer, theirs) -> {
              Contest contest =
                  Contest.of(workload.index(), workload.name(), peer, ours, theirs);
              if (!peer.equals(reference) && contest.known()) {
                contests.add(contest);
              }
            });
  }

  /// The subject to which the others are compared; empty without runs.
  String reference() {
    return subjects.isEmpty() ? "" : subjects.getFirst();
  }

  /// All but the reference.
  List<String> peers() {
    return subjects.isEmpty() ? List.of() : subjects.subList(1, subjects.size());
  }

  /// Whether there is nobody to compare with.
  boolean alone() {
    return subjects.size() < 2;
  }

  /// The contests with `peer`, in the order of the rows.
  List<Contest> contestsWith(String peer) {
    return contests.stream().filter(contest -> contest.peer().equals(peer)).toList();
  }

  /// The contests of one row.
  List<Contest> contestsOf(Workload workload) {
    return contests.stream().filter(c -> c.workload() == workload.index()).toList();
  }

  /// Whether any run that counts has `metric`.
  boolean has(Metric metric) {
    return workloads.stream().anyMatch(workload -> workload.has(metric));
  }
}
