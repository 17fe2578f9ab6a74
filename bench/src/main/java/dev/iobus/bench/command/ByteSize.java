package dev.iobus.bench.command;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads sizes such as `64m` on the command line: a number with an optional `k`, `m` or `g`
/// (powers of 1,024).
public final class ByteSize implements ITypeConverter<Long> {

  @Override
  public Long convert(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    int shift = lower.isEmpty() ? 0 : shiftOf(lower.charAt(lower.length() - 1));
    String digits = shift == 0 ? lower : lower.substring(0, lower.length() - 1);
    try {
      long number = Long.parseLong(digits);
      if (number < 0 || number > Long.MAX_VALUE >> shift) {
        throw new TypeConversionException("size '" + text + "' is out of range");
      }
      return number << shift;
    } catch (NumberFormatException e) {
      throw new TypeConversionException(
          "'" + text + "' is not a size: expected a number with an optional k, m or g");
    }
  }

  private static int shiftOf(char unit) {
    return switch (unit) {
      case 'k' -> 10;
      case 'm' -> 20;
      case 'g' -> 30;
      default -> 0;
    };
  }
}
