package dev.iobus.bench.command;

import dev.iobus.BackendKind;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads the names of backends on the command line; a simulated host cannot be measured.
public final class BackendNames implements ITypeConverter<BackendKind> {

  private static final List<BackendKind> REAL =
      Arrays.stream(BackendKind.values()).filter(kind -> kind != BackendKind.SIMULATED).toList();

  @Override
  public BackendKind convert(String text) {
    for (BackendKind kind : REAL) {
      if (kind.label().equalsIgnoreCase(text)) {
        return kind;
      }
    }
    String known =
        REAL.stream().map(BackendKind::label).collect(Collectors.joining(" or "));
    throw new TypeConversionException("'" + text + "' is not a backend: expected " + known);
  }
}
