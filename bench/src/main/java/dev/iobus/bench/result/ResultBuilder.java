package dev.iobus.bench.result;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Collects what a job measures while it goes on. Confined to one thread.
public final class ResultBuilder {

  private final String job;
  private final Map<String, String> environment = new LinkedHashMap<>();
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final List<Run> runs = new ArrayList<>();
  private final List<Aim> aims = new ArrayList<>();
  private @Nullable String failure;

  /// @param job the subcommand
  public ResultBuilder(String job) {
    this.job = job;
  }

  /// Tells what the numbers are measured on.
  public void environment(Map<String, String> description) {
    environment.putAll(description);
  }

  /// Tells one thing that a reader of the numbers must know.
  public void fact(String name, String value) {
    facts.put(name, value);
  }

  public void add(Run run) {
    runs.add(run);
  }

  /// Tells what a workload is meant to reach.
  public void aim(Aim aim) {
    aims.add(aim);
  }

  /// Puts `better` where `noisy` was; `noisy` stays, marked as superseded.
  public void supersede(Run noisy, Run better) {
    int index = runs.indexOf(noisy);
    if (index < 0) {
      throw new IllegalArgumentException("no such run: " + noisy);
    }
    runs.set(index, noisy.asSuperseded());
    runs.add(index + 1, better);
  }

  /// The job ended early, or its numbers are not to be believed. The first reason stays.
  public void fail(String reason) {
    if (failure == null) {
      failure = reason;
    }
  }

  /// All runs so far, in the order in which they were added.
  public List<Run> runs() {
    return List.copyOf(runs);
  }

  public Result build() {
    return new Result(Result.FORMAT, job, environment, facts, failure, runs, aims);
  }
}
