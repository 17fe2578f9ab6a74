package dev.iobus.bench.command;

import dev.iobus.BackendKind;
import java.util.Arrays;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads the names of backends on the command line.
public final class BackendNames implements ITypeConverter<BackendKind> {

  @Override
  public BackendKind convert(String text) {
    for (BackendKind kind : BackendKind.values()) {
      if (kind.label().equalsIgnoreCase(text)) {
        return kind;
      }
    }
    String known =
        Arrays.stream(BackendKind.values())
            .map(BackendKind::label)
            .collect(Collectors.joining(" or "));
    throw new TypeConversionException("'" + text + "' is not a backend: expected " + known);
  }
}
