package dev.iobus.bench.kv;

import dev.iobus.bench.workload.Workload;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads the names of workloads on the command line.
final class WorkloadNames implements ITypeConverter<Workload> {

  @Override
  public Workload convert(String text) {
    for (Workload workload : Workload.choices()) {
      if (workload.label().equalsIgnoreCase(text)) {
        return workload;
      }
    }
    throw new TypeConversionException(
        "'"
            + text
            + "' is not a workload: expected one of "
            + Workload.choices().stream().map(Workload::label).collect(Collectors.joining(", ")));
  }
}
