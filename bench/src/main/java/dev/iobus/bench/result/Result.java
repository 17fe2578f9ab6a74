package dev.iobus.bench.result;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Everything that one job measured. Immutable.
///
/// @param format of the files, [#FORMAT]
/// @param job the subcommand
/// @param environment the machine and the build; see [dev.iobus.bench.host.Environment]
/// @param facts what was chosen for this job, and what the subjects say of themselves
/// @param failure why the job ended early or is not to be believed; null when all went well
/// @param runs in the order in which they were done
/// @param aims what they are meant to reach; none in most jobs
@JsonIgnoreProperties(ignoreUnknown = true)
public record Result(
    int format,
    String job,
    Map<String, String> environment,
    Map<String, String> facts,
    @Nullable String failure,
    List<Run> runs,
    List<Aim> aims) {

  /// The version of the files; raised when an older reader would misread them.
  public static final int FORMAT = 1;

  public Result {
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    runs = List.copyOf(runs);
    aims = aims == null ? List.of() : List.copyOf(aims); // Older files have none.
  }

  /// Whether every answer was right.
  @JsonIgnore
  public boolean passed() {
    return failure == null;
  }
}
