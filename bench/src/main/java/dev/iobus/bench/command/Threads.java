package dev.iobus.bench.command;

import dev.iobus.bench.measure.Workers;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// How many threads of which kind: `16` is platform threads, `1000v` virtual ones.
///
/// @param count at least 1
/// @param kind of all of them
public record Threads(int count, Workers.Kind kind) {

  private static final String VIRTUAL = "v";

  /// One thread of the operating system.
  public static final Threads ONE = new Threads(1, Workers.Kind.PLATFORM);

  public Threads {
    if (count < 1) {
      throw new IllegalArgumentException("thread count " + count + " is below 1");
    }
  }

  /// Reads `16` or `1000v`.
  ///
  /// @throws IllegalArgumentException when `text` is no number of threads
  public static Threads parse(String text) {
    boolean virtual = text.endsWith(VIRTUAL);
    String digits = virtual ? text.substring(0, text.length() - VIRTUAL.length()) : text;
    try {
      int count = Integer.parseInt(digits);
      return new Threads(count, virtual ? Workers.Kind.VIRTUAL : Workers.Kind.PLATFORM);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a number of threads: expected 16, or 1000v for virtual threads",
          e);
    }
  }

  /// As it is written on the command line.
  public String label() {
    return kind == Workers.Kind.VIRTUAL ? count + VIRTUAL : Integer.toString(count);
  }

  /// Reads it there.
  public static final class Converter implements ITypeConverter<Threads> {

    @Override
    public Threads convert(String text) {
      try {
        return parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(String.valueOf(e.getMessage()));
      }
    }
  }
}
